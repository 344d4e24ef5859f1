// Reading a position's sources one after the other, for those who need not be fast: errors, and what checks the compiled walks.
import type { Position } from '../plan/plan.ts'
import type { Gathering } from './gathering.ts'
import { linkKey } from './link-key.ts'
import { isObject, readKey } from './plain-object.ts'

/** By source: what stands there, an object, a list or nothing. */
export type SourceValues = readonly unknown[]

/** What the fields of the parent's object hold for a position below it: lists are not entered, links not followed. */
export function fieldValues(position: Position, parent: SourceValues): SourceValues {
  return position.sources.map((source) => {
    const object = source.kind === 'field' ? parent[source.of] : undefined
    return source.kind === 'field' && isObject(object) ? readKey(object, source.key) : undefined
  })
}

export function itemValues(lists: SourceValues, index: number): SourceValues {
  return lists.map((list) => (Array.isArray(list) ? (list[index] as unknown) : undefined))
}

/** Adds the entities that were linked and the data of root fetches. */
export function withLinks(position: Position, fields: SourceValues, { roots }: Pick<Gathering, 'roots'>): SourceValues {
  const values = [...fields]
  for (const [index, source] of position.sources.entries()) {
    if (source.kind === 'root') values[index] = roots[source.fetch]
    if (source.kind !== 'link') continue
    const object = values[source.of]
    values[index] = isObject(object) ? (object as Record<symbol, unknown>)[linkKey(source.link)] : undefined
  }
  return values
}

export function typenameOf(position: Position, values: SourceValues): string | undefined {
  if ('constant' in position.typename) return position.typename.constant
  const object = values[position.typename.source]
  const name = isObject(object) ? object['__typename'] : undefined
  return typeof name === 'string' ? name : undefined
}
