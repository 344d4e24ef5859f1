// The open ones among a topic's rejected records: of each record of the source its newest rejection, unless it was redriven since. What a
// crash made ingest append twice is one. Reads headers alone into memory, of a bounded number of records.
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { topicNames } from '../../schema/topics.ts'
import { ReplayFacts } from '../replay/replay-facts.ts'
import { readFacts, type RedrivenIn } from './redrive-facts.ts'
import { compileFilter, type RejectedFilter } from './rejected-filter.ts'
import { placeOf, rejectionOf, type Rejection } from './rejection.ts'

/** One thing that was wrong, with the first record that it was met in. */
export interface FoundReason {
  readonly code: string
  readonly field: string | null
  readonly check: string | null
  readonly message: string
  readonly source: string
}

export interface OpenRecord {
  /** In the source topic. */
  readonly partition: number
  readonly offset: number
  readonly generation: number
  readonly rejectedUs: number
  /** Where it lies in the rejected topic; of several parts the first. */
  readonly at: { readonly partition: number; readonly offset: number }
  readonly reasons: readonly FoundReason[]
}

export interface OpenRejected {
  readonly records: readonly OpenRecord[]
  /** False: there are more open ones than are looked at. */
  readonly complete: boolean
  /** Where the rejected topic ended, per partition. */
  readonly ends: readonly number[]
}

export interface OpenQuestion {
  readonly filter?: RejectedFilter
  /** Per partition of the rejected topic: only what lies at or after `from` and before `until`. */
  readonly from?: readonly number[]
  readonly until?: readonly number[]
  /** What is known of redrives; read where it is not given. */
  readonly redrivenIn?: RedrivenIn
}

interface Found {
  readonly record: OpenRecord
  readonly replay: number
  readonly meant: boolean
}

export async function openRejected(log: EventLog, topic: string, question: OpenQuestion = {}): Promise<OpenRejected> {
  const ranges = await log.offsets(topicNames.rejected(topic))
  const redrivenIn = question.redrivenIn ?? (await readFacts(log)).redrivenIn(topic)
  const isMeant = compileFilter(question.filter ?? {})
  const reasonsOf = createReasons()
  const found = new Map<string, Found>()
  let complete = true
  for (const { partition, earliest, next } of ranges) {
    const range = {
      from: Math.max(earliest, question.from?.[partition] ?? 0),
      until: Math.min(next, question.until?.[partition] ?? next),
    }
    for await (const record of rejectedRecords(log, topic, partition, range)) {
      const rejection = rejectionOf(record)
      if (rejection === null || rejection.part !== 1) continue
      const { sourcePartition, sourceOffset, generation, source } = rejection
      if (redrivenIn(sourcePartition, sourceOffset) > generation) continue
      const known = found.get(source)
      if (known !== undefined && !isNewer(rejection, known)) continue
      if (known === undefined && found.size >= limits.rejectedOpenRecordsMax) {
        complete = false
        continue
      }
      const at = { partition, offset: record.offset }
      const opened = openRecord(rejection, at, reasonsOf(rejection))
      found.set(source, { record: opened, replay: rejection.replay, meant: isMeant(rejection) })
    }
  }
  const replayed = await replayedIn(log, topic)
  const isOpen = ({ record: { partition, offset }, replay, meant }: Found): boolean =>
    meant && (redrivenIn(partition, offset) > 0 || replayed(partition, offset) <= replay)
  const records = [...found.values()].filter(isOpen).map(({ record }) => record)
  return { records, complete, ends: ranges.map(({ next }) => next) }
}

/**
 * The newest finished replay that read a record again, 0 for none: if that rejected it, there is a rejection of then, else it was accepted.
 * Of records that were redriven too it says nothing: what came first is not known.
 */
async function replayedIn(log: EventLog, topic: string): Promise<(partition: number, offset: number) => number> {
  const facts = new ReplayFacts(log)
  await facts.refresh()
  const done = facts.all().filter(({ doneAt }) => doneAt !== null)
  const ranges = done.flatMap(({ generation, ranges }) => ranges.map((range) => ({ ...range, generation })))
  const own = ranges.filter((range) => range.topic === topic)
  return (partition, offset) =>
    own.reduce((newest, range) => {
      const inside = range.partition === partition && range.from <= offset && offset < range.until
      return inside ? Math.max(newest, range.generation) : newest
    }, 0)
}

function isNewer({ generation, replay }: Rejection, known: Found): boolean {
  return generation > known.record.generation || (generation === known.record.generation && replay > known.replay)
}

function openRecord(rejection: Rejection, at: OpenRecord['at'], reasons: readonly FoundReason[]): OpenRecord {
  const { sourcePartition, sourceOffset, generation, rejectedUs } = rejection
  return { partition: sourcePartition, offset: sourceOffset, generation, rejectedUs, at, reasons }
}

/** The same object for the same reason: a million records have a handful of them. */
function createReasons(): (rejection: Rejection) => readonly FoundReason[] {
  const known = new Map<string, FoundReason>()
  const lists = new Map<string, readonly FoundReason[]>()
  return ({ violations, source }) => {
    const places = violations.map(({ code, field, checkId }) => JSON.stringify([code, placeOf(field), checkId]))
    const listKey = places.join()
    const list = lists.get(listKey)
    if (list !== undefined) return list
    const each = violations.map(({ code, field, checkId, message }, index) => {
      const key = places[index] ?? ''
      const reason = known.get(key) ?? { code, field: placeOf(field), check: checkId, message, source }
      known.set(key, reason)
      return reason
    })
    // Two lines of one order with the same fault are one reason.
    const made = [...new Set(each)]
    if (lists.size < limits.rejectedReasonListsMax) lists.set(listKey, made)
    return made
  }
}

async function* rejectedRecords(
  log: EventLog,
  topic: string,
  partition: number,
  { from, until }: { readonly from: number; readonly until: number },
): AsyncGenerator<LogRecord> {
  for (let offset = from; offset < until;) {
    const at = { topic: topicNames.rejected(topic), partition, offset }
    const records = await log.read(at, limits.rejectedReadRecords)
    const last = records.at(-1)
    if (last === undefined) return
    for (const record of records) if (record.offset < until) yield record
    offset = last.offset + 1
  }
}
