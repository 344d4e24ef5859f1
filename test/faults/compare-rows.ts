// What differs between the rows that are there and the rows that must be, in words.
import { isDeepStrictEqual } from 'node:util'
import type { Row } from '../../schema/row.ts'
import { idOf, inOrder } from './oracle.ts'

/** Differences listed of one kind; the rest is counted. */
const LISTED = 5

export function compareRows(what: string, actual: readonly Row[], expected: readonly Row[]): string[] {
  const [there, due] = [inOrder(actual), inOrder(expected)]
  if (isDeepStrictEqual(there, due)) return []
  const byId = new Map(there.map((row) => [idOf(row), row]))
  const dueIds = new Set(due.map(idOf))
  const found = [
    ...due.flatMap((row) => {
      const held = byId.get(idOf(row))
      if (held === undefined) return [`${idOf(row)} is missing`]
      return isDeepStrictEqual(held, row) ? [] : [`${JSON.stringify(held)} for ${JSON.stringify(row)}`]
    }),
    ...there.filter((row) => !dueIds.has(idOf(row))).map((row) => `${idOf(row)} should not be there`),
    ...(there.length > byId.size ? ['an id twice'] : []),
  ]
  return listed(`rows of ${what}`, found)
}

export function listed(kind: string, found: readonly string[]): string[] {
  if (found.length === 0) return []
  const rest = found.length > LISTED ? `, and ${found.length - LISTED} more` : ''
  return [`${kind}: ${found.slice(0, LISTED).join('; ')}${rest}`]
}
