// What the EventLog conformance suite needs of an adapter beside the port, and the tools that its parts share.
import { randomUUID } from 'node:crypto'
import { expect, vi } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import type { AppendRecord, EventLog, LogRecord, RecordBatch } from '../../platform/ports/event-log.ts'
import type { TopicDefinition } from '../../schema/topics.ts'

export interface EventLogHarness {
  /** Opens the log on the harness's storage, the same at each call. The suite closes it before it opens the next. */
  open(): Promise<EventLog>
  /** A module that exports `openLog(settings: string): Promise<EventLog>` on the same storage, for a process to be killed. */
  readonly child: { readonly module: string; readonly settings: string }
  /** Makes what the topic holds older than its retention; resolves once it has gone (`earliest` is `next`). */
  expire(log: EventLog, topic: string): Promise<void>
  /** Resolves once all that the topic held at the call has been compacted. It may append records of keys of its own. */
  compact(log: EventLog, topic: string): Promise<void>
  /** Frees the storage. The log has been closed. */
  dispose(): Promise<void>
}

export interface Suite {
  readonly harness: () => EventLogHarness
  /** The log of the running test. */
  readonly log: () => EventLog
  /** Closes the log, does what is to be done meanwhile, opens it again. */
  readonly reopen: (meanwhile?: () => Promise<void>) => Promise<void>
}

/** Real servers keep topics and groups between runs: no name is used twice. */
export function uniqueName(stem: string): string {
  return `${stem}-${randomUUID().slice(0, 8)}`
}

export async function createTopic(log: EventLog, definition: Partial<TopicDefinition> = {}): Promise<string> {
  const name = uniqueName('topic')
  await log.createTopics([{ name, partitions: 1, retentionMs: null, compacted: false, ...definition }])
  return name
}

export function record(key: string | null, value: string | null): AppendRecord {
  return { key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value) }
}

export function numbered(from: number, count: number, partition = 0): AppendRecord[] {
  return Array.from({ length: count }, (_, at) => ({ ...record(null, `value-${String(from + at)}`), partition }))
}

export function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

export async function readAll(log: EventLog, topic: string, partition = 0): Promise<LogRecord[]> {
  const held = (await log.offsets(topic))[partition]
  const all: LogRecord[] = []
  for (let offset = held?.earliest ?? 0; offset < (held?.next ?? 0);) {
    const records = await log.read({ topic, partition, offset }, 100)
    if (records.length === 0) break
    all.push(...records)
    offset = (records.at(-1)?.offset ?? 0) + 1
  }
  return all
}

/** Waits for the assertion to hold. Its time limit guards against hanging only. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertion, { timeout: 40_000, interval: 5 })
}

export async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => codeOf(error),
  )
  expect(outcome).toBe(code)
}

export function codeOf(error: unknown): string {
  return error instanceof MeshgateError ? error.code : String(error)
}

/** Notes what a handler or a tail was given: offsets per partition. */
export class Received {
  readonly offsets = new Map<number, number[]>()
  readonly values: (string | null)[] = []

  add(batch: RecordBatch): void {
    const offsets = this.offsets.get(batch.partition) ?? []
    this.offsets.set(batch.partition, offsets)
    for (const { offset, value } of batch.records) {
      offsets.push(offset)
      this.values.push(textOf(value))
    }
  }

  of(partition: number): readonly number[] {
    return this.offsets.get(partition) ?? []
  }
}

/** A promise to settle from outside. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
