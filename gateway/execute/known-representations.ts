// The distinct representations of one lookup. Their texts are what counts; most repetitions are recognised by the values that they would be
// written of, so that no text is made for them.
import type { LookupTarget } from '../plan/plan.ts'
import type { Frame, FrameLayout } from './frame.ts'
import { isObject, reader } from './plain-object.ts'
import { positionAt } from './walk-route.ts'

export interface Representations {
  readonly texts: string[]
  readonly indexes: Map<string, number>
  /** By shape: targets of one lookup may be written of different fields. */
  readonly shapes: Map<string, KnownByValue>
}

/** By the first value. */
export type KnownByValue = Map<unknown, KnownValues>

interface KnownValues {
  readonly values: readonly unknown[]
  readonly index: number
  /** Others with the same first value. */
  next: KnownValues | null
}

/** Representations with one first value that are compared one by one: composite keys may begin with the same tenant a thousand times. */
const COMPARED_MAX = 8

export function newRepresentations(): Representations {
  return { texts: [], indexes: new Map(), shapes: new Map() }
}

/** The index of a text, added where it is new. */
export function indexOfText({ texts, indexes }: Representations, text: string): number {
  const known = indexes.get(text)
  if (known !== undefined) return known
  const index = texts.push(text) - 1
  indexes.set(text, index)
  return index
}

export interface ValueReader {
  readonly shape: string
  readonly first: (frame: Frame) => unknown
  readonly others: readonly ((frame: Frame) => unknown)[]
}

/** Null where a representation is not made of leaves that all its objects have. */
export function compileValueReader(
  layout: FrameLayout,
  { position, representation }: LookupTarget,
): ValueReader | null {
  const { fields } = representation
  if (fields.some(({ types, child }) => types !== null || child !== null)) return null
  const reads = fields.map(({ source, key }) => readValue(layout.slot(position, source), key))
  const { typename } = positionAt(layout.plan, position)
  const constant = representation.typename ?? ('constant' in typename ? typename.constant : null)
  if (constant === null && 'source' in typename)
    reads.push(readValue(layout.slot(position, typename.source), '__typename'))
  const [first, ...others] = reads
  if (first === undefined) return null
  return { shape: JSON.stringify([constant, fields.map(({ name }) => name)]), first, others }
}

function readValue(slot: number, key: string): (frame: Frame) => unknown {
  const read = reader(key)
  return (frame) => {
    const object = frame[slot]
    return isObject(object) ? read(object) : undefined
  }
}

/** Undefined where it has to be written to be known. */
export function findByValues(known: KnownByValue, { first, others }: ValueReader, frame: Frame): number | undefined {
  const value = first(frame)
  for (let each = known.get(value) ?? null; each !== null; each = each.next) {
    let index = 0
    while (index < others.length && others[index]?.(frame) === each.values[index]) index++
    if (index === others.length) return each.index
  }
  return undefined
}

export function keepValues(known: KnownByValue, { first, others }: ValueReader, frame: Frame, index: number): void {
  const value = first(frame)
  const values = others.map((read) => read(frame))
  if (!isPlain(value) || !values.every(isPlain)) return
  const next = known.get(value) ?? null
  let compared = 1
  for (let each = next; each !== null; each = each.next) compared++
  if (compared <= COMPARED_MAX) known.set(value, { values, index, next })
}

/** Where equal values have equal texts. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
}
