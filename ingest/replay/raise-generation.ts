// The generation of changes: that of the replay that a record is part of, and that of the redrive that appended it again. Subscribers follow
// the source positions of each generation apart, so both must show in it.
import type { LogRecord, RecordBatch } from '../../platform/ports/event-log.ts'
import { generationIn } from '../source-position.ts'
import type { ReplayRange } from './replay-facts.ts'

/** Goes through re-keying. A record that was rejected in a replay keeps it, so what is redriven of it is told from the rest. */
const REPLAY_HEADER = 'meshgate-replay-generation'
/** Replays count in these, redrives below: offsets of internal topics, which stay far below it. */
const GENERATIONS_OF_A_REPLAY = 1_000_000_000

/** The batch itself where none of its records is in the range. */
export function raiseGeneration(batch: RecordBatch, { from, until }: ReplayRange, generation: number): RecordBatch {
  const { records } = batch
  const [first, last] = [records[0]?.offset ?? until, records.at(-1)?.offset ?? -1]
  if (first >= until || last < from) return batch
  const raise = (record: LogRecord): LogRecord => {
    if (record.offset < from || record.offset >= until) return record
    return { ...record, headers: { ...record.headers, [REPLAY_HEADER]: String(generation) } }
  }
  return { ...batch, records: records.map(raise) }
}

/** The generation of the change that comes of a record with these headers. */
export function changeGeneration(headers: Readonly<Record<string, string>>): number {
  const replay = replayIn(headers)
  const redrive = generationIn(headers)
  const generation = replay * GENERATIONS_OF_A_REPLAY + redrive
  return Number.isSafeInteger(generation) && replay >= 0 ? generation : redrive
}

/** The generation of the replay that a record with these headers was read in last; 0 for none. */
export function replayIn(headers: Readonly<Record<string, string>>): number {
  const text = headers[REPLAY_HEADER]
  return text === undefined ? 0 : Number(text)
}
