// The configuration file: YAML that says what the environment can, nested by part. Its keys are derived from the settings (setting-keys.ts), and
// its values become the texts that the settings read. Everything that is wrong in it is told at once, with line and column.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml'
import { nearestName } from '../schema/parse/nearest-name.ts'
import type { Environment, GivenSetting, SettingsFile } from './config.ts'
import { SETTING_KEYS, type SettingKey } from './setting-keys.ts'

/** Never throws. */
export function readSettingsFile(name: string, text: string, environment: Environment): SettingsFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const reader = new Reader(name, { document, lines, environment })
  for (const { pos, message } of [...document.errors, ...document.warnings]) reader.tell(pos[0], message)
  if (document.errors.length === 0) reader.readTop()
  return { settings: reader.settings, problems: reader.problems }
}

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g
const WHOLE_REFERENCE = /^\$\{[A-Za-z_]\w*\}$/

interface Source {
  readonly document: Document
  readonly lines: LineCounter
  readonly environment: Environment
}

class Reader {
  readonly settings = new Map<string, GivenSetting>()
  readonly problems: string[] = []
  readonly #name: string
  readonly #source: Source

  constructor(name: string, source: Source) {
    this.#name = name
    this.#source = source
  }

  tell(offset: number | undefined, what: string): void {
    this.problems.push(`${this.#placeOf(offset)}: ${what.replace(/\s*\n[^]*$/, '').replace(/[.:]?$/, '.')}`)
  }

  readTop(): void {
    const { contents } = this.#source.document
    if (contents === null || isNull(contents)) return
    if (!isMap(contents)) return this.tell(offsetOf(contents), 'the file is no map of settings: write `key: value`')
    const groups = new Set(SETTING_KEYS.flatMap(({ group }) => (group === '' ? [] : [group])))
    const top = SETTING_KEYS.filter(({ group }) => group === '')
    for (const pair of contents.items) {
      const key = keyOf(pair)
      if (key !== null && groups.has(key)) this.#readGroup(key, pair)
      else this.#readSetting(pair, top, [...groups, ...top.map((each) => each.key)])
    }
  }

  #readGroup(group: string, pair: Pair): void {
    const value = this.#resolve(pair.value as Node | null)
    if (value === null || isNull(value)) return
    if (!isMap(value)) return this.tell(offsetOf(value), `${group} holds settings: write \`key: value\` below it`)
    const settings = SETTING_KEYS.filter((each) => each.group === group)
    for (const item of value.items) {
      this.#readSetting(
        item,
        settings,
        settings.map(({ key }) => key),
      )
    }
  }

  #readSetting(pair: Pair, settings: readonly SettingKey[], known: readonly string[]): void {
    const key = keyOf(pair)
    const found = settings.find((each) => each.key === key)
    if (key === null) return this.tell(offsetOf(pair.key as Node), 'a key is a name')
    if (found === undefined) return this.tell(offsetOf(pair.key as Node), unknownKey(key, known))
    const value = this.#resolve(pair.value as Node | null)
    if (value === null || isNull(value)) return
    const text = this.#textOf(value, found)
    if (text === null) return
    const as = `${this.#placeOf(offsetOf(value))}: ${found.path}`
    this.settings.set(found.setting.name, { as, text })
  }

  /** Null when `problems` has been told what is wrong. */
  #textOf(value: Node, of: SettingKey): string | null {
    if (isScalar(value)) return this.#itemOf(value, of)
    if (isSeq(value)) return this.#listOf(value.items as Node[], of)
    if (!isMap(value)) return null
    const pairs = value.items.map((pair) => {
      const item = this.#itemOf(pair.value as Node | null, { ...of, path: `${of.path}.${keyOf(pair)}` })
      return item === null ? null : `${keyOf(pair)}=${item}`
    })
    return pairs.includes(null) ? null : pairs.join(',')
  }

  #listOf(items: readonly Node[], of: SettingKey): string | null {
    const texts = items.map((item) => this.#itemOf(item, of))
    for (const [index, text] of texts.entries()) {
      if (text?.includes(',') !== true) continue
      this.tell(offsetOf(items[index] ?? null), `${of.path}: each of a list is an item of its own`)
    }
    return texts.includes(null) ? null : texts.join(',')
  }

  #itemOf(node: Node | null, { path, setting }: SettingKey): string | null {
    const item = this.#resolve(node)
    if (item === null || !isScalar(item) || isNull(item)) {
      this.tell(offsetOf(item), `${path} has no text here: write one`)
      return null
    }
    const text = String(item.source ?? item.value)
    if (!setting.secret || WHOLE_REFERENCE.test(text)) return this.#withReferences(item, text)
    this.tell(offsetOf(item), `${path} is a secret: write \${NAME}, and set that variable in the environment`)
    return null
  }

  #withReferences(node: Node, text: string): string | null {
    const { environment } = this.#source
    const missing = [...text.matchAll(REFERENCE)].map(([, name = '']) => name).filter((name) => !environment[name])
    for (const name of missing) this.tell(offsetOf(node), `\${${name}} is not set in the environment: set it`)
    return missing.length > 0 ? null : text.replaceAll(REFERENCE, (_, name: string) => environment[name] ?? '')
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#source.document) ?? null) : node
  }

  #placeOf(offset: number | undefined): string {
    const { line, col } = this.#source.lines.linePos(offset ?? 0)
    return `${this.#name}:${line}:${col}`
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const elsewhere = SETTING_KEYS.find((each) => each.key === key || each.path === key || each.setting.name === key)
  const meant = elsewhere?.path ?? nearestName(key, known) ?? nearestPath(key)
  return `${key} is no setting here: ${meant === null ? 'docs/settings.md lists all' : `write ${meant}`}`
}

function nearestPath(key: string): string | null {
  const near = nearestName(
    key,
    SETTING_KEYS.map((each) => each.key),
  )
  return SETTING_KEYS.find((each) => each.key === near)?.path ?? null
}

function keyOf(pair: Pair): string | null {
  return isScalar(pair.key) ? (pair.key.source ?? null) : null
}

function isNull(node: Node): boolean {
  return isScalar(node) && node.value === null
}

function offsetOf(node: Node | null): number | undefined {
  return node?.range?.[0]
}
