// Compares what clients were told with what was written: each change once and in its item's order, and folded they are the table. All of it is
// found naively from the topics: the first change of each source position counts, any other is a repetition.
import { isDeepStrictEqual } from 'node:util'
import type { Change } from '../../schema/record.ts'
import { cellText } from '../../schema/row.ts'
import { listed } from '../faults/compare-rows.ts'
import type { PartitionRecords } from '../faults/oracle.ts'
import type { Follower, Told } from './follower.ts'
import type { Contents } from './survival-mesh.ts'
import type { Item } from './survival-product.ts'
import type { Record } from './writer.ts'

/** What an item's changes show, in order; null: deleted. */
export type Histories = ReadonlyMap<string, readonly (Item | null)[]>

export interface Written {
  readonly histories: Histories
  /** Changes that lie in the topic again. */
  readonly repetitions: number
  /** What is wrong with the topics and the table, whatever clients were told. */
  readonly problems: readonly string[]
}

const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString()

export function checkWritten({ records, changes, rows }: Contents, acknowledged: readonly Record[]): Written {
  const posted = historiesOf(records)
  const { firsts, repetitions } = firstsOf(changes)
  const histories = new Map<string, (Item | null)[]>()
  for (const { key, op, row } of firsts) {
    histories.set(key, [...(histories.get(key) ?? []), op === 'DELETE' ? null : itemOf(row)])
  }
  const wrong = [...posted].flatMap(([key, values]) => {
    const problem = changesProblem(histories.get(key) ?? [], values)
    return problem === null ? [] : [`${key}: ${problem}`]
  })
  const lost = acknowledged.filter(
    ({ id, item }) => !(posted.get(id) ?? []).some((one) => isDeepStrictEqual(one, item)),
  )
  const table = new Map(rows.map((row) => [cellText(row['id']), itemOf(row)]))
  return {
    histories,
    repetitions,
    problems: [
      ...listed('changes of the records', wrong),
      ...listed(
        'acknowledged records that are not in the topic',
        lost.map(({ id, item }) => `${id} ${JSON.stringify(item)}`),
      ),
      ...differences('the table', table, rowsOf(posted, null)),
    ],
  }
}

/** One change for each record, which shows its item as the record has it, or, where a batch was repeated, as a later one: never as an earlier. */
function changesProblem(own: readonly (Item | null)[], due: readonly (Item | null)[]): string | null {
  if (own.length !== due.length) return `${own.length} changes of ${due.length} records`
  let shown = 0
  for (const [at, item] of own.entries()) {
    const from = Math.max(shown, at)
    shown = due.findIndex((value, index) => index >= from && isDeepStrictEqual(value, item))
    if (shown === -1) return `change ${at} shows ${ranks([item])}, which is of no record from ${from} on`
  }
  return null
}

export function checkFollower(follower: Follower, histories: Histories): string[] {
  const { shelf, snapshot } = follower.options
  const name = `${follower.options.way}, ${shelf ?? 'all shelves'}${snapshot ? ', snapshot' : ''}`
  const told = Map.groupBy(follower.told, ({ key }) => key)
  const found: string[] = []
  for (const key of new Set([...histories.keys(), ...told.keys()])) {
    const due = dueOf(histories.get(key) ?? [], shelf)
    const problem = snapshot ? suffixProblem(told.get(key) ?? [], due) : sameProblem(told.get(key) ?? [], due)
    if (problem !== null) found.push(`${key} ${problem}`)
  }
  return [
    ...listed(`failures of ${name}`, follower.failures),
    ...listed(`told to ${name}`, found),
    ...differences(`what ${name} folded`, follower.folded, rowsOf(histories, shelf)),
  ]
}

function historiesOf(partitions: readonly PartitionRecords[]): Map<string, (Item | null)[]> {
  const histories = new Map<string, (Item | null)[]>()
  for (const { records } of partitions) {
    for (const { key, value } of records) {
      const id = textOf(key)
      histories.set(id, [...(histories.get(id) ?? []), value === null ? null : (JSON.parse(textOf(value)) as Item)])
    }
  }
  return histories
}

function firstsOf(partitions: readonly PartitionRecords[]) {
  const seen = new Set<string>()
  const firsts: Change[] = []
  let repetitions = 0
  for (const { records } of partitions) {
    for (const { value } of records) {
      const change = JSON.parse(textOf(value)) as Change
      if (seen.has(change.source)) repetitions += 1
      else firsts.push(change)
      seen.add(change.source)
    }
  }
  return { firsts, repetitions }
}

const itemOf = ({ id, shelf, rank }: Change['row']): Item => ({
  id: cellText(id),
  shelf: cellText(shelf),
  rank: Number(rank),
})

/** What a subscriber of the shelf is to be told, a value for null where the item goes from there. */
function dueOf(history: readonly (Item | null)[], shelf: string | null): (Item | null)[] {
  const due: (Item | null)[] = []
  let isThere = false
  for (const item of history) {
    const belongs = item !== null && (shelf === null || item.shelf === shelf)
    if (belongs) due.push(item)
    else if (isThere) due.push(null)
    isThere = belongs
  }
  return due
}

/** That an item is gone may be told where it was not there: nothing comes of it. */
function withoutVain(told: readonly Told[]): (Item | null)[] {
  return dueOf(
    told.map(({ item }) => item),
    null,
  )
}

function sameProblem(told: readonly Told[], due: readonly (Item | null)[]): string | null {
  const had = withoutVain(told)
  return isDeepStrictEqual(had, due) ? null : `was told ${ranks(had)} of ${ranks(due)}`
}

/** Behind the snapshot every value is told once, from some value on. */
function suffixProblem(told: readonly Told[], due: readonly (Item | null)[]): string | null {
  const had = told.flatMap(({ item, isRow }) => (item === null || isRow ? [] : [item]))
  const values = due.filter((item) => item !== null)
  const last = had.length === 0 ? [] : values.slice(-had.length)
  return isDeepStrictEqual(had, last) ? null : `was told ${ranks(had)}, the last of ${ranks(values)}`
}

const ranks = (items: readonly (Item | null)[]): string => items.map((item) => item?.rank ?? 'gone').join(' ')

function rowsOf(histories: Histories, shelf: string | null): Map<string, Item> {
  const rows = new Map<string, Item>()
  for (const [id, history] of histories) {
    const item = history.at(-1) ?? null
    if (item !== null && (shelf === null || item.shelf === shelf)) rows.set(id, item)
  }
  return rows
}

function differences(what: string, held: ReadonlyMap<string, Item>, due: ReadonlyMap<string, Item>): string[] {
  const keys = [...new Set([...held.keys(), ...due.keys()])]
  const wrong = keys.filter((key) => !isDeepStrictEqual(held.get(key), due.get(key)))
  return listed(
    what,
    wrong.map((key) => `${key} is ${JSON.stringify(held.get(key))} for ${JSON.stringify(due.get(key))}`),
  )
}
