// JSON.parse for texts that mostly look like the one before: members in the same order, no blanks, no escapes. It expects what it has learned
// and gives everything else to JSON.parse, so the answer is always JSON.parse's. Why: JSON.parse looks every string of up to ten characters up
// in V8's table of known strings and adds it there, which takes 2 of its 2.6 µs where ids and amounts are new each time
// (docs/decisions/ingest-pipeline.md).

import { schemaLimits } from '../schema-limits.ts'

/** What the objects at one place of a text had as members, in their order. */
interface Shape {
  readonly names: readonly string[]
  /** `"name":` */
  readonly quoted: readonly string[]
  /** Of objects in the member, also in lists in it; null where it had none. */
  readonly inside: readonly (Shape | null)[]
}

/** Texts in a row that are not as learned before another is learned from. */
const MISSES_BEFORE_LEARNING = 8
/** Texts that are given to JSON.parse at once after learning in vain, so that a topic of ever other texts pays next to nothing. */
const REST_TEXTS = 1_000

/** A backslash, or a control character, which no string may hold. */
// oxlint-disable-next-line no-control-regex
const ESCAPED = /[\u0000-\u001f\\]/
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const QUOTE = 34
const COMMA = 44
const MINUS = 45
const ZERO = 48
const NINE = 57
const LIST = 91
const LIST_END = 93
const OBJECT = 123
const OBJECT_END = 125

/** Throws what JSON.parse throws. */
export function createLearnedParser(): (text: string) => unknown {
  let shape: Shape | null = null
  let misses = 0
  let rest = 0
  let learned = 0
  return (text) => {
    if (rest > 0) {
      rest -= 1
      return JSON.parse(text)
    }
    if (shape !== null && !ESCAPED.test(text)) {
      const value = parseAs(shape, text)
      if (value !== undefined) {
        misses = 0
        learned = 0
        return value
      }
    }
    const value: unknown = JSON.parse(text)
    misses += 1
    if (shape !== null && misses < MISSES_BEFORE_LEARNING) return value
    misses = 0
    learned += 1
    shape = learned > 2 ? null : shapeOf(value)
    if (shape === null) {
      rest = REST_TEXTS
      learned = 0
    }
    return value
  }
}

/** Null where there is no object, or one that assigning members would not make. */
function shapeOf(value: unknown, depth = 0): Shape | null {
  if (typeof value !== 'object' || value === null || depth > schemaLimits.recordDepthMax) return null
  if (Array.isArray(value)) {
    for (const item of value) {
      const shape = shapeOf(item, depth + 1)
      if (shape !== null) return shape
    }
    return null
  }
  const entries = Object.entries(value)
  if (entries.some(([name]) => name === '__proto__')) return null
  return {
    names: entries.map(([name]) => name),
    quoted: entries.map(([name]) => `${JSON.stringify(name)}:`),
    inside: entries.map(([, member]) => shapeOf(member, depth + 1)),
  }
}

/** Where the text has been read to, by the call under way; -1 where it is not as expected. Nothing yields meanwhile. */
let at = 0
/** Lists around the place. */
let lists = 0

function parseAs(shape: Shape, text: string): unknown {
  if (text.charCodeAt(0) !== OBJECT) return undefined
  at = 0
  lists = 0
  const value = objectAt(shape, text)
  return at === text.length ? value : undefined
}

/** Stands at the brace. Members of the shape may be missing. */
function objectAt(shape: Shape, text: string): unknown {
  const { names, quoted, inside } = shape
  const object: Record<string, unknown> = {}
  at += 1
  let first = true
  for (let index = 0; index < names.length; index += 1) {
    const name = quoted[index] ?? ''
    if (!first && text.charCodeAt(at) !== COMMA) break
    const start = first ? at : at + 1
    if (!text.startsWith(name, start)) continue
    at = start + name.length
    const value = valueAt(inside[index] ?? null, text)
    if (at < 0) return undefined
    object[names[index] ?? ''] = value
    first = false
  }
  if (text.charCodeAt(at) !== OBJECT_END) return fail()
  at += 1
  return object
}

function valueAt(shape: Shape | null, text: string): unknown {
  const code = text.charCodeAt(at)
  if (code === QUOTE) {
    const end = text.indexOf('"', at + 1)
    if (end < 0) return fail()
    const value = text.slice(at + 1, end)
    at = end + 1
    return value
  }
  if (code === MINUS || (code >= ZERO && code <= NINE)) return numberAt(text)
  if (code === LIST) return listAt(shape, text)
  if (code === OBJECT) return shape === null ? fail() : objectAt(shape, text)
  return wordAt(text)
}

function listAt(shape: Shape | null, text: string): unknown {
  if (lists >= schemaLimits.recordDepthMax) return fail()
  const items: unknown[] = []
  at += 1
  if (text.charCodeAt(at) === LIST_END) {
    at += 1
    return items
  }
  lists += 1
  for (;;) {
    const item = valueAt(shape, text)
    if (at < 0) return undefined
    items.push(item)
    const code = text.charCodeAt(at)
    at += 1
    if (code === LIST_END) {
      lists -= 1
      return items
    }
    if (code !== COMMA) return fail()
  }
}

function numberAt(text: string): unknown {
  NUMBER.lastIndex = at
  if (!NUMBER.test(text)) return fail()
  const value = Number(text.slice(at, NUMBER.lastIndex))
  at = NUMBER.lastIndex
  return value
}

function wordAt(text: string): unknown {
  if (text.startsWith('null', at)) {
    at += 4
    return null
  }
  if (text.startsWith('true', at)) {
    at += 4
    return true
  }
  if (!text.startsWith('false', at)) return fail()
  at += 5
  return false
}

function fail(): undefined {
  at = -1
  return undefined
}
