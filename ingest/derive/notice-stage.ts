// First stage: the keys of rows that changes name, and of rows that use a joined row that changed, to `<topic>.touched`. It keeps nothing: what is
// repeated touches once more. The effect of a change can be read by whoever has seen the change. Of a direct fold, what the changes say of their
// rows goes to `<topic>.contributions` at once.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Change } from '../../schema/record.ts'
import { cellText } from '../../schema/row.ts'
import { addChange, type DirectOptions } from './direct-contributions.ts'
import { DirectList } from './direct-messages.ts'
import type { Activation } from './fold-ledger.ts'
import { foldGroup, foldKey, type FoldPlan, type ReadPlan } from './fold-plan.ts'
import { FOLD_DEPENDENTS } from './fold-tables.ts'
import { joinedText, readOfMember } from './members.ts'
import { requireStart } from './stage-start.ts'
import { TouchList } from './touches.ts'

export interface NoticeOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly log: EventLog
  readonly store: Store
  /** An expression could not be evaluated for a row, which contributes nothing. */
  readonly onFailed: DirectOptions['onFailed']
}

export class NoticeStage {
  readonly #options: NoticeOptions
  readonly #fold: string
  /** Times that this process has had a partition, by their signals, whose beginning was looked at. */
  readonly #known = new WeakSet<AbortSignal>()

  constructor(options: NoticeOptions) {
    this.#options = options
    this.#fold = foldKey(options.activation)
  }

  async process(batch: RecordBatch, signal: AbortSignal): Promise<void> {
    const { plan, activation, log } = this.#options
    if (!this.#known.has(signal)) {
      await requireStart({ log, activation, group: foldGroup(plan, 'notice', activation.number) }, batch)
      this.#known.add(signal)
    }
    const start = activation.starts[batch.topic]?.[batch.partition] ?? 0
    if (plan.direct !== null) {
      await this.#tell(batch, start, signal)
      return
    }
    // By key text: the bytes that the log has anyway.
    const keys = new Map<string, Uint8Array>()
    for (const { offset, key } of batch.records) {
      if (offset >= start && key !== null) keys.set(Buffer.from(key.buffer, key.byteOffset, key.length).toString(), key)
    }
    if (keys.size === 0) return
    const touches = new TouchList(plan, activation.number)
    for (const read of plan.reads) {
      if (read.changesTopic !== batch.topic) continue
      if (read.read.fold !== null) for (const [text, bytes] of keys) touches.add(read.index, text, bytes)
      if (read.read.joined) await this.#touchDependents(read, [...keys.keys()], { touches, signal })
    }
    signal.throwIfAborted()
    await touches.append(log)
  }

  /** What the changes say is contributed at once; where one does not say what its row is, it is touched. */
  async #tell({ topic, records }: RecordBatch, start: number, signal: AbortSignal): Promise<void> {
    const { plan, activation, log } = this.#options
    const touches = new TouchList(plan, activation.number)
    const list = new DirectList({ number: activation.number }, plan.partitions)
    for (const read of plan.reads) {
      const input = read.read.fold
      if (read.changesTopic !== topic || input === null) continue
      for (const [at, { offset, key, value }] of records.entries()) {
        // Expressions take their time: whoever else waits for the event loop goes first.
        if (at % limits.decodeSliceRecords === 0) await setImmediate()
        if (offset < start || key === null) continue
        const change = value === null ? null : (JSON.parse(textOf(value)) as Change)
        if (change !== null && addChange(this.#options, { input, change }, list)) continue
        touches.add(read.index, textOf(key), key)
      }
    }
    signal.throwIfAborted()
    const contributions = list.records()
    await Promise.all([
      contributions.length === 0 ? undefined : log.append(plan.contributionsTopic, contributions),
      touches.append(log),
    ])
  }

  /** Rows that use the joined ones. Whoever begins to use one later reads it later, and finds it changed. */
  async #touchDependents(
    { index }: ReadPlan,
    keys: readonly string[],
    { touches, signal }: { readonly touches: TouchList; readonly signal: AbortSignal },
  ): Promise<void> {
    for (let from = 0; from < keys.length; from += limits.foldPagesAtOnceMax) {
      const some = keys.slice(from, from + limits.foldPagesAtOnceMax)
      await Promise.all(some.map((keyText) => this.#touchUsers(joinedText(index, keyText), touches)))
      signal.throwIfAborted()
      await setImmediate()
    }
  }

  async #touchUsers(joined: string, touches: TouchList): Promise<void> {
    const { plan, store, log } = this.#options
    for (let after: { member: string } | null = null; ;) {
      const page = await store.page(FOLD_DEPENDENTS.name, {
        partition: { fold: this.#fold, joined },
        limit: limits.pageRowsMax,
        ...(after === null ? {} : { after }),
      })
      for (const row of page.rows) {
        const { input, keyText } = readOfMember(cellText(row['member']))
        const read = plan.compiled.inputs[input]?.read
        if (read !== undefined) touches.add(read, keyText)
      }
      // A row of a small table may be used by millions.
      if (touches.bytes > limits.foldTouchesHeldBytesMax) await touches.append(log)
      const last = page.rows.at(-1)
      if (!page.more || last === undefined) return
      after = { member: cellText(last['member']) }
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
