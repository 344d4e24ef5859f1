// Where a load stands, durably: which records are surely in the topic, and from which offsets on to look for more of them. Records of
// a load carry its id and their index in headers, so that what was appended after the last mark is found by reading forward.
import { createHash } from 'node:crypto'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { lastValue, LOADS_TOPIC, putValue } from '../internal-topics.ts'

export const LOAD_HEADERS = { id: 'meshgate-load', index: 'meshgate-load-index' } as const

export interface LoadMark {
  /** Every record before this one is durable in the topic. */
  readonly nextIndex: number
  /** Per partition of the topic: records from `nextIndex` on lie at or after this offset. */
  readonly ends: readonly number[]
  /** Per partition of the rejected topic: its end when the load began. */
  readonly rejectedStarts: readonly number[]
  /** The counts, once all is appended and processed. */
  readonly finished: { readonly written: number; readonly rejected: number } | null
}

/** The same for the same product, name and content. */
export function loadIdOf(product: string, name: string, content: string): string {
  return createHash('sha256')
    .update(JSON.stringify([product, name, content]))
    .digest('hex')
    .slice(0, 32)
}

export async function readMark(log: EventLog, id: string): Promise<LoadMark | null> {
  return (await lastValue(log, LOADS_TOPIC, id)) as LoadMark | null
}

export async function writeMark(log: EventLog, id: string, mark: LoadMark): Promise<void> {
  await putValue(log, LOADS_TOPIC, id, mark)
}

export async function endOffsets(log: EventLog, topic: string): Promise<number[]> {
  return (await log.offsets(topic)).map((range) => range.next)
}

/** Indexes of the load's records that lie in the topic at or after the mark's offsets. */
export async function appendedSince(log: EventLog, topic: string, id: string, mark: LoadMark): Promise<Set<number>> {
  const indexes = new Set<number>()
  await eachRecord(log, topic, mark.ends, ({ headers }) => {
    if (headers[LOAD_HEADERS.id] === id) indexes.add(Number(headers[LOAD_HEADERS.index]))
  })
  return indexes
}

/** Distinct records of the load in the rejected topic. A repetition after a crash appends a record twice. */
export async function countRejected(log: EventLog, topic: string, id: string, mark: LoadMark): Promise<number> {
  const indexes = new Set<string>()
  await eachRecord(log, topic, mark.rejectedStarts, ({ headers }) => {
    const index = headers[LOAD_HEADERS.index]
    if (headers[LOAD_HEADERS.id] === id && index !== undefined) indexes.add(index)
  })
  return indexes.size
}

type Visit = (record: { readonly headers: Readonly<Record<string, string>> }) => void

async function eachRecord(log: EventLog, topic: string, starts: readonly number[], visit: Visit): Promise<void> {
  for (const range of await log.offsets(topic)) {
    const { partition } = range
    // What retention has removed was there: those records are long processed.
    let offset = Math.max(starts[partition] ?? range.earliest, range.earliest)
    while (offset < range.next) {
      const records = await log.read({ topic, partition, offset }, 1_000)
      const last = records.at(-1)
      if (last === undefined) break
      for (const record of records) visit(record)
      offset = last.offset + 1
    }
  }
}
