// Random records of the test product, what must come of them by nothing but the definition, and ports that fail.
import type { Row } from '../../schema/row.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { fractions, type seededInteger, shuffled } from '../seeded-random.ts'

export type Random = ReturnType<typeof seededInteger>

/** One record of the test: a delete, or the cells that it sends. */
export interface Sent {
  readonly id: string
  readonly sequence: number
  readonly cells: Row | null
}

export function sentRecords(seed: number, random: Random): Sent[] {
  const ids = [`${seed}-a`, `${seed}-b`, `${seed}-c`]
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T
  return Array.from({ length: 6 + random(20) }, () => {
    const id = pick(ids)
    const sequence = 1 + random(15)
    if (random(6) === 0) return { id, sequence, cells: null }
    const cells: Record<string, Row[string]> = {}
    if (random(2) === 0) cells['shelf'] = `${seed}-${pick(['s1', 's2', 's3'])}`
    if (random(2) === 0) cells['rank'] = random(3)
    if (random(2) === 0) cells['note'] = pick(['x', 'y', null])
    if (random(3) === 0) cells['price'] = pick(['1', '2.5', null])
    return { id, sequence, cells }
  })
}

export function logRecords(sent: readonly Sent[]): LogRecord[] {
  return sent.map(({ id, sequence, cells }, offset) => {
    const record = { id, sequence: String(sequence), ...cells }
    const message = cells === null ? { op: 'd', before: record } : { op: 'c', after: record }
    const [key, value] = [Buffer.from(id), Buffer.from(JSON.stringify(message))]
    return { offset, timestampUs: 1_700_000_000_000_000 + offset, key, value, headers: {} }
  })
}

/** What must be seen: per column the newest cell that no delete hides, by nothing but the definition. */
export function expectedRows(sent: readonly Sent[]): { readonly base: Row[]; readonly shelves: Row[] } {
  const base: Row[] = []
  for (const id of new Set(sent.map((record) => record.id))) {
    const own = sent.filter((record) => record.id === id)
    const deleted = Math.max(-1, ...own.filter(({ cells }) => cells === null).map(({ sequence }) => sequence))
    const shown = own.filter(({ cells, sequence }) => cells !== null && sequence > deleted)
    if (shown.length === 0) continue
    const row: Record<string, Row[string]> = { id }
    for (const column of ['shelf', 'rank', 'note', 'price', 'sequence']) {
      const written = shown.flatMap(({ cells, sequence }) => {
        const value = column === 'sequence' ? String(sequence) : cells?.[column]
        return value === undefined ? [] : [{ value, sequence }]
      })
      const newest = Math.max(...written.map(({ sequence }) => sequence))
      const tied = written.filter(({ sequence }) => sequence === newest).map(({ value }) => value)
      const winner = tied.includes(null) ? null : tied.toSorted(byEncoding(column)).at(-1)
      if (winner !== undefined && winner !== null) row[column] = winner
    }
    base.push(row)
  }
  return { base, shelves: base.filter((row) => row['shelf'] !== undefined && row['rank'] !== undefined) }
}

// CQL bytes: a decimal's scale comes first, so 2.5 is greater than 1 and 2 alike; the other values here order as text.
function byEncoding(column: string): (left: Row[string], right: Row[string]) => number {
  const encoded = (value: Row[string]): string => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return column === 'price' ? `${text.split('.')[1]?.length ?? 0}/${text}` : text
  }
  return (left, right) => (encoded(left) < encoded(right) ? -1 : 1)
}

export const EFFECTS = ['BEFORE', 'PART', 'AFTER'] as const
export type Effect = (typeof EFFECTS)[number]

/** The ports, of which one call fails: before it has done anything, after any part of its writes, or after it has done everything. */
export function failingAt(
  ports: { readonly log: EventLog; readonly store: Store },
  call: number,
  effect: Effect,
  random: Random,
): { readonly log: EventLog; readonly store: Store } {
  let calls = 0
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...parameters: unknown[]) => {
          const fails = calls++ === call
          if (fails && effect === 'BEFORE') throw new Error('crash')
          if (fails && effect === 'PART' && name === 'write') {
            const [writes] = parameters as [readonly Write[]]
            parameters = [shuffled(writes, fractions(random)).slice(0, random(writes.length + 1))]
          }
          const result: unknown = await Reflect.apply(member, target, parameters)
          if (fails) throw new Error('crash')
          return result
        }
      },
    })
  return { log: guard(ports.log), store: guard(ports.store) }
}
