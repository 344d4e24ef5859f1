// Exact append times for records whose append time is their version. A log may end its times at the millisecond, or set them back (a broker's
// clock corrected, another leader's clock): then two records of a key would tie, or the later would lose. Here every record gets the time
//
//   offset + the greatest (time - offset) of all records of its partition up to it
//
// which is its own time where times leave room, and else one µs per offset after the record before it: strictly increasing by offset, and the
// same whenever and by whomever it is computed. What came before a batch is known from the batch before, or read back from the log.
import { limits } from '../platform/limits.ts'
import type { EventLog, LogRecord, RecordBatch } from '../platform/ports/event-log.ts'
import { CLOCKS_TOPIC, lastValues, putValue } from './internal-topics.ts'

/** What times were before a batch, and are after it. */
interface Known {
  readonly start: number
  readonly before: number
  readonly next: number
  readonly after: number
}

/** Records from `offset` on have at least `offset + lead` as their time. Durable where reading back would not find out. */
interface ClockMark {
  readonly offset: number
  readonly lead: number
}

const NO_LEAD = Number.NEGATIVE_INFINITY

export class AppendClock {
  readonly #log: EventLog
  readonly #topic: string
  readonly #keepsMarks: boolean
  readonly #known = new Map<number, Known>()
  readonly #marks = new Map<number, readonly ClockMark[]>()

  /** `keepsMarks` false: reads a partition that another clock goes on with, whose newer marks are not to be pushed out by old ones. */
  constructor(log: EventLog, topic: string, { keepsMarks = true }: { readonly keepsMarks?: boolean } = {}) {
    this.#log = log
    this.#topic = topic
    this.#keepsMarks = keepsMarks
  }

  /** The record before `offset` had this exact time, as found out earlier. */
  goOn(partition: number, offset: number, timestampUs: number): void {
    const lead = timestampUs - (offset - 1)
    this.#known.set(partition, { start: offset, before: lead, next: offset, after: lead })
  }

  /** The batch with exact times. One call at a time per partition. Rejects as the log does. */
  async exact(batch: RecordBatch): Promise<RecordBatch> {
    const { partition, records } = batch
    const start = records[0]?.offset ?? 0
    const before = await this.#leadBefore(partition, start)
    let lead = before
    let behindUs = 0
    const timed = records.map((record) => {
      lead = leadAfter(lead, record)
      const timestampUs = record.offset + lead
      behindUs = Math.max(behindUs, timestampUs - record.timestampUs)
      return { ...record, timestampUs }
    })
    if (this.#keepsMarks && behindUs > limits.appendClockUnmarkedLeadUs)
      await this.#mark(partition, { offset: start, lead: before })
    this.#known.set(partition, { start, before, next: (records.at(-1)?.offset ?? start) + 1, after: lead })
    return { ...batch, records: timed }
  }

  async #leadBefore(partition: number, offset: number): Promise<number> {
    const known = this.#known.get(partition)
    if (known?.start === offset) return known.before
    if (known?.next === offset) return known.after
    // Another member of the group has had the partition, or this one begins.
    const [ranges, marks] = await Promise.all([this.#log.offsets(this.#topic), this.#readMarks(partition)])
    const earliest = ranges.find((range) => range.partition === partition)?.earliest ?? 0
    const earlier = known !== undefined && known.next < offset ? known : { next: 0, after: NO_LEAD }
    const leads = marks.filter((mark) => mark.offset <= offset).map((mark) => mark.lead)
    const from = Math.max(earliest, earlier.next, offset - limits.appendClockLookBackRecords)
    return this.#readOn(partition, { from, end: offset }, Math.max(earlier.after, ...leads))
  }

  async #readOn(partition: number, { from, end }: { from: number; end: number }, before: number): Promise<number> {
    let lead = before
    let offset = from
    while (offset < end) {
      const records = await this.#log.read({ topic: this.#topic, partition, offset }, limits.appendClockReadRecords)
      const last = records.at(-1)
      if (last === undefined) break
      for (const record of records) if (record.offset < end) lead = leadAfter(lead, record)
      offset = last.offset + 1
    }
    return lead
  }

  async #readMarks(partition: number): Promise<readonly ClockMark[]> {
    const own = this.#markKey(partition)
    const values = await lastValues(this.#log, CLOCKS_TOPIC, (key) => key.startsWith(own))
    const marks = byOffset([...values.values()] as readonly ClockMark[])
    this.#marks.set(partition, marks)
    return marks
  }

  // Before any row is written with such a time: whoever goes on from here after a restart must know it. Each mark for itself, since a member
  // that has lost the partition unawares must not put what it knows in the place of what its successor has found.
  async #mark(partition: number, mark: ClockMark): Promise<void> {
    if (mark.lead === NO_LEAD) return
    const marks = this.#marks.get(partition) ?? []
    if (marks.some(({ offset, lead }) => offset <= mark.offset && lead >= mark.lead)) return
    const own = this.#markKey(partition)
    await putValue(this.#log, CLOCKS_TOPIC, `${own}${mark.offset}`, mark)
    const all = byOffset([...marks, mark])
    const kept = all.slice(-limits.appendClockMarksMax)
    this.#marks.set(partition, kept)
    const gone = all.slice(0, -limits.appendClockMarksMax)
    if (gone.length === 0) return
    const tombstones = gone.map(({ offset }) => ({ key: Buffer.from(`${own}${offset}`), value: null }))
    await this.#log.append(CLOCKS_TOPIC, tombstones)
  }

  /** What begins the keys of a partition's marks. */
  #markKey(partition: number): string {
    return `${this.#topic}:${partition}:`
  }
}

function byOffset(marks: readonly ClockMark[]): readonly ClockMark[] {
  return marks.toSorted((one, other) => one.offset - other.offset)
}

function leadAfter(lead: number, { offset, timestampUs }: LogRecord): number {
  return Math.max(lead, timestampUs - offset)
}
