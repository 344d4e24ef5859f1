// What a row contributes to a group of a direct fold, as it lies in messages and in the store: with the write time that decides which of several
// entries of a row holds. The order in which they come decides nothing, so anybody may repeat them, late or twice.
import type { Row } from '../../schema/row.ts'

/** What told it: a change of the row; the row itself, which is what records of one write time were merged to; a change that told its end. */
export const TOLD_BY = { change: 0, row: 1, delete: 2 } as const
export type ToldBy = (typeof TOLD_BY)[keyof typeof TOLD_BY]

export type Entry = readonly [
  member: string,
  /** Of the cells that the fold reads, which every record of the entity writes together. */
  writeTime: number,
  by: ToldBy,
  /** Event time, which the row's key says. */
  timeMs: number,
  /** Null: the row contributes nothing. */
  value: Row | null,
]

export const MEMBER = 0
export const TIME_MS = 3
const VALUE = 4

/**
 * Above 0 where the first holds, at or below where the second does. `onTie`: records of one write time, which the store merges, told different
 * things: only the row knows, and must be looked at before any of them is done with. Until then the first holds, so that whoever repeats the second
 * meets the tie again.
 */
export function compareEntries(first: Entry, second: Entry, onTie: (member: string) => void): number {
  const [member, writeTime, by] = first
  const [, otherTime, otherBy] = second
  if (writeTime !== otherTime) return writeTime - otherTime
  const { change, delete: end } = TOLD_BY
  const isTold = by === change || otherBy === change
  if (isTold && by !== end && otherBy !== end && !saysSame(first, second)) {
    onTie(member)
    return otherBy > by ? -1 : 1
  }
  return by - otherBy
}

export function saysSame(first: Entry, second: Entry): boolean {
  return JSON.stringify(first[VALUE]) === JSON.stringify(second[VALUE])
}

const ENTRY_CHARACTERS = 64
const NUMBER_CHARACTERS = 8

/** About, of its JSON. */
export function charactersOf(entry: Entry): number {
  const value = entry[VALUE]
  let characters = ENTRY_CHARACTERS + entry[MEMBER].length
  for (const name in value) {
    const cell = value[name]
    if (typeof cell === 'number') characters += NUMBER_CHARACTERS
    else characters += typeof cell === 'string' ? cell.length : JSON.stringify(cell).length
  }
  return characters
}
