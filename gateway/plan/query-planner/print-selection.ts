// Gives every entry of a request its response key, and prints what it selects. A key stands for one field with one shape wherever
// selections may be merged by the subgraph; a client's alias never stands in the way of another field.
import { MeshgateError } from '../../../platform/errors.ts'
import { limits } from '../../../platform/limits.ts'
import type { Entry, Selection } from './planning.ts'

/** Where keys may meet: the selections under one key of the object above. */
export interface KeyScope {
  readonly fields: Map<string, string>
  readonly taken: Set<string>
  readonly below: Map<string, KeyScope>
}

export function createScope(): KeyScope {
  return { fields: new Map(), taken: new Set(['__typename']), below: new Map() }
}

export function giveKeys(selection: Selection, scope: KeyScope): void {
  const wanted = selection.entries.filter(({ clientKey }) => clientKey !== null)
  for (const entry of wanted) giveKey(entry, scope)
  for (const entry of selection.entries) if (entry.clientKey === null) giveKey(entry, scope)
  for (const { child, key } of selection.entries) {
    if (child === null) continue
    const below = scope.below.get(key) ?? createScope()
    scope.below.set(key, below)
    giveKeys(child, below)
  }
}

function giveKey(entry: Entry, scope: KeyScope): void {
  if (entry.name === '__typename') return
  // Objects that were not merged have a key each.
  const owner = entry.child === null ? '' : `${entry.clientKey ?? '-'} ${entry.onlyOf}`
  const field = `${entry.name}(${entry.arguments})${entry.shape} ${owner}`
  const known = scope.fields.get(field)
  if (known !== undefined) {
    entry.key = known
    return
  }
  const isFree = (key: string): boolean => !scope.taken.has(key) && !(key in Object.prototype)
  let key = entry.clientKey !== null && isFree(entry.clientKey) ? entry.clientKey : entry.name
  for (let number = 2; !isFree(key); number++) key = `${entry.name}_${number}`
  entry.key = key
  scope.fields.set(field, key)
  scope.taken.add(key)
}

/**
 * With braces. Throws PLAN_FAILED as soon as it is larger than any request may be: what is written out for each type multiplies at every
 * level.
 */
export function printSelection({ entries, statics }: Selection): string {
  let characters = 0
  const plain: string[] = []
  const byType = new Map<string, string[]>()
  for (const entry of entries) {
    const text = printEntry(entry)
    characters += text.length * Math.max(entry.types?.length ?? 1, 1)
    refuseHuge(characters)
    // With a single static object type no condition is needed.
    if (entry.types === null || (statics.length === 1 && entry.types.length === 1 && entry.types[0] === statics[0])) {
      plain.push(text)
      continue
    }
    for (const type of entry.types) {
      const ofType = byType.get(type)
      if (ofType === undefined) byType.set(type, [text])
      else ofType.push(text)
    }
  }
  const fragments = [...byType].map(([type, texts]) => `... on ${type}{${texts.join(' ')}}`)
  const texts = [...plain, ...fragments]
  return `{${texts.length === 0 ? '__typename' : texts.join(' ')}}`
}

/** Of what is asked of the subgraphs. */
export function refuseHuge(characters: number): void {
  if (characters <= limits.plannedCharactersMax) return
  const message = `The operation becomes requests of more than ${limits.plannedCharactersMax} characters to the subgraphs: its fragments on interfaces and unions are written out for each type. Nest fewer of them, or ask for the types themselves.`
  throw new MeshgateError('PLAN_FAILED', message)
}

function printEntry(entry: Entry): string {
  return `${printField(entry)}${entry.child === null ? '' : printSelection(entry.child)}`
}

function printField({ key, name, arguments: written }: Entry): string {
  return `${key === name ? name : `${key}: ${name}`}${written === '' ? '' : `(${written})`}`
}

/** Names of the client's variables that it uses. */
export function usedVariables({ entries }: Selection, used: Set<string> = new Set()): Set<string> {
  for (const { variables, child } of entries) {
    for (const name of variables) used.add(name)
    if (child !== null) usedVariables(child, used)
  }
  return used
}
