// What lies in `<topic>.touched`: keys of input rows that must be looked at, many to a record, all rows of one key in one partition. A touch
// says nothing of the row, so it may come twice, late, or for nothing.
import { limits } from '../../platform/limits.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import type { AppendRecord, EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { FoldPlan } from './fold-plan.ts'

interface TouchRecord {
  /** Number of the activation. */
  readonly f: number
  /** Index of the read. */
  readonly r: number
  /** Key texts. */
  readonly k: readonly string[]
}

/** An input row to look at. */
export interface Touched {
  /** Index in `CompiledFold.reads`. */
  readonly read: number
  readonly keyText: string
}

interface Keys {
  readonly partition: number
  readonly read: number
  keys: string[]
  bytes: number
}

/** Gathers touches until they are appended. */
export class TouchList {
  readonly #plan: FoldPlan
  readonly #number: number
  /** By read and partition. */
  readonly #lists: Keys[][] = []
  #records: AppendRecord[] = []
  #bytes = 0

  constructor(plan: FoldPlan, number: number) {
    this.#plan = plan
    this.#number = number
  }

  get bytes(): number {
    return this.#bytes
  }

  add(read: number, keyText: string, keyBytes: Uint8Array = Buffer.from(keyText)): void {
    const partition = partitionOfKey(keyBytes, this.#plan.partitions)
    const lists = (this.#lists[read] ??= [])
    const list = (lists[partition] ??= { partition, read, keys: [], bytes: 0 })
    // Of JSON at most: every byte escaped would be rare, and the record's bound is far below the log's.
    const bytes = keyBytes.length + 3
    if (list.bytes > 0 && list.bytes + bytes > limits.foldMessageCharactersMax) this.#close(list)
    list.keys.push(keyText)
    list.bytes += bytes
    this.#bytes += bytes
  }

  /** Durable when it resolves. */
  async append(log: EventLog): Promise<void> {
    for (const list of this.#lists.flat()) if (list.keys.length > 0) this.#close(list)
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    if (records.length > 0) await log.append(this.#plan.touchedTopic, records)
  }

  #close(list: Keys): void {
    const record: TouchRecord = { f: this.#number, r: list.read, k: list.keys }
    this.#records.push({ key: null, value: Buffer.from(JSON.stringify(record)), partition: list.partition })
    list.keys = []
    list.bytes = 0
  }
}

/** The rows of the records, each once. Those of other activations are none of this one's. */
export function touchedIn(records: readonly LogRecord[], number: number): Touched[] {
  const seen = new Map<number, Set<string>>()
  const touched: Touched[] = []
  for (const { value } of records) {
    if (value === null) continue
    // Only TouchList appends to the topic.
    const { f, r, k } = JSON.parse(textOf(value)) as TouchRecord
    if (f !== number) continue
    let keys = seen.get(r)
    if (keys === undefined) seen.set(r, (keys = new Set()))
    for (const keyText of k) {
      if (keys.has(keyText)) continue
      keys.add(keyText)
      touched.push({ read: r, keyText })
    }
  }
  return touched
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
