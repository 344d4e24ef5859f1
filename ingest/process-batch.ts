// The stages in order, for one batch of one partition: decode, read the base, plan, write rows, append changes and rejected records.
// The consumer commits the position when this resolves. A crash anywhere repeats the batch, which changes nothing the second time.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import type { AppendRecord, EventLog, RecordBatch } from '../platform/ports/event-log.ts'
import type { Store } from '../platform/ports/store.ts'
import { appendOutcomes, appendRejected } from './append-outcomes.ts'
import { decodeSlice, type DecodedRecord } from './decode-batch.ts'
import { fitsLog, tooLarge, type RejectedRecord } from './dead-letter/rejected-record.ts'
import type { EntityPlan } from './entity-plan.ts'
import { baseKeys, planWrites } from './plan-writes.ts'
import { rekeyHeaders } from './source-position.ts'
import { topicNames } from '../schema/topics.ts'
import { readBase, writeRows } from './write-rows.ts'

export interface BatchOutcome {
  readonly written: number
  readonly rejected: number
  /** The rejected ones by the code of the first thing that was wrong. */
  readonly codes: Readonly<Record<string, number>>
}

export interface Ports {
  readonly log: EventLog
  readonly store: Store
  /** Awaited between a batch's rows and its changes: what else must hold its effect by then (other generations of the tables). */
  readonly beforeChanges?: BeforeChanges
  /** Awaited once all that came of a batch is durable, before its position is committed. */
  readonly observe?: ObserveBatch
}

/** `decoded`: an outcome per record of the batch, in order. */
export type ObserveBatch = (batch: RecordBatch, decoded: readonly DecodedRecord[], signal: AbortSignal) => Promise<void>

/** `decoded`: the whole batch or, where its rows are written one by one, each of its records. A rejection repeats the batch. */
export type BeforeChanges = (
  batch: RecordBatch,
  decoded: readonly DecodedRecord[],
  signal: AbortSignal,
) => Promise<void>

/**
 * `signal`: the partition is given up, perhaps to a member that has it already. Nothing is begun then, and the rejection hands the batch
 * back: what its rows lack another attempt adds, and what comes too late all the same loses by its write times and source positions.
 */
export async function processBatch(
  ports: Ports,
  plan: EntityPlan,
  batch: RecordBatch,
  signal: AbortSignal = NEVER,
): Promise<BatchOutcome> {
  const decoded = await decodeInTurns(plan, batch)
  const outcome = await writeInParts({ ports, plan, batch, signal }, decoded)
  await ports.observe?.(batch, decoded, signal)
  return outcome
}

/** Decoding a full batch takes tens of milliseconds: between slices, and behind the last, whoever else waits for the event loop goes first. */
async function decodeInTurns(plan: EntityPlan, batch: RecordBatch): Promise<DecodedRecord[]> {
  const decoded: DecodedRecord[] = []
  for (let start = 0; start < batch.records.length; start += limits.decodeSliceRecords) {
    decodeSlice(plan, batch, { start, end: start + limits.decodeSliceRecords, into: decoded })
    await setImmediate()
  }
  return decoded
}

const NEVER = new AbortController().signal

interface Work {
  readonly ports: Ports
  readonly plan: EntityPlan
  readonly batch: RecordBatch
  readonly signal: AbortSignal
}

async function writeDecoded(
  { ports: { log, store, beforeChanges }, plan, batch, signal }: Work,
  decoded: readonly DecodedRecord[],
): Promise<BatchOutcome> {
  signal.throwIfAborted()
  const stored = await readBase(store, plan, baseKeys(plan, decoded))
  const planned = planWrites(plan, batch, decoded, stored)
  signal.throwIfAborted()
  await writeRows(store, planned, signal)
  signal.throwIfAborted()
  await beforeChanges?.(batch, decoded, signal)
  signal.throwIfAborted()
  await appendOutcomes(log, plan, planned)
  return { written: planned.changes.length, ...rejectedOutcome(planned.rejected) }
}

function rejectedOutcome(rejected: readonly RejectedRecord[]): Omit<BatchOutcome, 'written'> {
  const codes: Record<string, number> = {}
  for (const { violations } of rejected) {
    const code = violations[0]?.code ?? 'RECORD_UNPARSABLE'
    codes[code] = (codes[code] ?? 0) + 1
  }
  return { rejected: rejected.length, codes }
}

function together(left: BatchOutcome, right: BatchOutcome): BatchOutcome {
  const codes: Record<string, number> = { ...left.codes }
  for (const [code, records] of Object.entries(right.codes)) codes[code] = (codes[code] ?? 0) + records
  return { written: left.written + right.written, rejected: left.rejected + right.rejected, codes }
}

/** What a store says of rows and keys that it never takes, however often they come. */
const REFUSALS: readonly string[] = ['STORE_ROW_INVALID', 'STORE_REQUEST_INVALID']

// A row that the store does not take would stop its partition for ever: halves, one after the other, show which record it is of.
async function writeInParts(work: Work, decoded: readonly DecodedRecord[]): Promise<BatchOutcome> {
  try {
    return await writeDecoded(work, decoded)
  } catch (error) {
    if (!(error instanceof MeshgateError && REFUSALS.includes(error.code))) throw error
    const [first] = decoded
    if (first === undefined) throw error
    if (decoded.length === 1) return rejectUnstorable(work, first, error)
  }
  const half = Math.ceil(decoded.length / 2)
  const left = await writeInParts(work, decoded.slice(0, half))
  return together(left, await writeInParts(work, decoded.slice(half)))
}

async function rejectUnstorable(
  { ports, plan }: Work,
  { record }: DecodedRecord,
  { message }: MeshgateError,
): Promise<BatchOutcome> {
  const violation = { code: 'RECORD_NOT_STORABLE', field: null, checkId: null, message } as const
  const rejected = [{ kind: 'rejected', record, violations: [violation] }] as const
  await appendRejected(ports.log, plan, rejected)
  return { written: 0, ...rejectedOutcome(rejected) }
}

/** The stage before, where the source is not keyed by the entity: its records, keyed by it, to `<topic>.rekeyed`. */
export async function rekeyBatch(
  { log, observe }: Ports,
  plan: EntityPlan,
  batch: RecordBatch,
  signal: AbortSignal = NEVER,
): Promise<BatchOutcome> {
  const rejected: RejectedRecord[] = []
  const appends: AppendRecord[] = []
  const decoded = await decodeInTurns(plan, batch)
  for (const item of decoded) {
    if (item.kind === 'rejected') {
      rejected.push(item)
      continue
    }
    const append = {
      key: Buffer.from(item.keyText),
      value: item.record.value,
      headers: rekeyHeaders(item.record),
    }
    if (fitsLog(append)) appends.push(append)
    else rejected.push(tooLarge(item.record))
  }
  signal.throwIfAborted()
  await Promise.all([
    appends.length === 0 ? undefined : log.append(topicNames.rekeyed(plan.source.topic), appends),
    appendRejected(log, plan, rejected),
  ])
  await observe?.(batch, decoded, signal)
  return { written: 0, ...rejectedOutcome(rejected) }
}
