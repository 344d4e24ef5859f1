// What an activation of a fold begins with: every row of its inputs touched once, where the changes noted before do not tell of it. And what it ends
// the former one with: rows of the derived table that only activations before gave are deleted. One process does it, whichever; durable marks
// say how far it is, and repeating any of it changes nothing.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { isRowVisible } from '../../schema/row-visibility.ts'
import { deleteRecord } from './derived-records.ts'
import { SETTLED, type Activation, type FoldLedger, type SnapshotMark } from './fold-ledger.ts'
import type { FoldPlan, ReadPlan } from './fold-plan.ts'
import { mayLackRows } from './kept-windows.ts'
import { foldedReads, isSettled, isTouched, snapshotMark } from './snapshot-progress.ts'
import { TouchList } from './touches.ts'

export interface SnapshotOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly ledger: FoldLedger
  readonly log: EventLog
  /** Of live tables. */
  readonly rows: Store
  readonly clock: Clock
  /** Whether this process is the one that does it. */
  readonly isMine: () => boolean
  /** Resolves once all that is touched is in the derived table. */
  readonly isThrough: () => Promise<void>
  readonly onProblem: (error: unknown) => void
}

export class Snapshot {
  readonly #options: SnapshotOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(options: SnapshotOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Resolves once every row is touched, whoever does it; rejects when it is closed before. */
  touched(): Promise<void> {
    return this.#until(() => isTouched(this.#options))
  }

  /** Resolves once rows of former activations are deleted as well. */
  settled(): Promise<void> {
    return this.#until(() => isSettled(this.#options))
  }

  /** Ends after the page in hand. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException('The snapshot is no longer taken here.', 'AbortError'))
    await this.#running
  }

  async #until(condition: () => boolean): Promise<void> {
    const { clock, ledger } = this.#options
    while (!condition()) {
      await clock.sleep(limits.caughtUpPollMs, this.#stop.signal)
      await ledger.readOn().catch((error: unknown) => {
        this.#options.onProblem(error)
      })
    }
  }

  async #run(): Promise<void> {
    const { clock, ledger, isMine, onProblem } = this.#options
    const { signal } = this.#stop
    for (let delayMs: number = limits.retryDelayMsMin; !signal.aborted;) {
      try {
        if (isMine()) {
          await this.#touchAll()
          await this.#settle()
        } else await ledger.readOn()
        if (isTouched(this.#options) && isSettled(this.#options)) return
        delayMs = limits.foldPollMs
      } catch (error) {
        if (signal.aborted) return
        onProblem(error)
        delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)
      }
      await clock.sleep(delayMs, signal).catch(() => undefined)
    }
  }

  async #touchAll(): Promise<void> {
    for (const read of foldedReads(this.#options.plan)) {
      const mark = snapshotMark(this.#options, read.read.input)
      if (!mark.done) await this.#touch(read, mark)
    }
  }

  async #touch(read: ReadPlan, from: SnapshotMark): Promise<void> {
    const { plan, activation, ledger, log, rows: live } = this.#options
    const { signal } = this.#stop
    const { fold, number } = activation
    const of = { fold, number, of: read.read.input }
    const touches = new TouchList(plan, number)
    let mark = from
    for (let pages = 1; ; pages += 1) {
      const { after } = mark
      const page = await live.scan(read.table, {
        limit: limits.pageRowsMax,
        ...(after === null ? {} : { after }),
      })
      signal.throwIfAborted()
      for (const row of page.rows) if (isRowVisible(row)) touches.add(read.index, read.keyText(row))
      await touches.append(log)
      const last = page.rows.at(-1)
      mark = {
        after: last === undefined ? after : keyIn(read.keyColumns, last),
        rows: mark.rows + page.rows.length,
        done: !page.more,
      }
      if (mark.done || pages % limits.foldPagesPerMark === 0) await ledger.markSnapshot(of, mark)
      if (mark.done) return
      await setImmediate()
    }
  }

  /** Rows whose versions are of former activations, though all that this one gives is written. */
  async #settle(): Promise<void> {
    if (isSettled(this.#options)) return
    const { plan, activation, ledger, log, rows: live, isThrough } = this.#options
    const { signal } = this.#stop
    await isThrough()
    const { keyColumns, name } = plan.own.base
    for (let after: Row | null = null; ;) {
      const page = await live.scan(name, { limit: limits.pageRowsMax, ...(after === null ? {} : { after }) })
      const keys = page.rows.filter(isRowVisible).map((row) => keyIn(keyColumns, row))
      const rows = keys.length === 0 ? [] : await live.read(name, keys, { writeTimes: true })
      signal.throwIfAborted()
      const former = rows.filter((row) => {
        const times = Object.values(row?.writeTimes ?? {})
        if (row === null || times.length === 0 || Math.max(...times) >= activation.floor) return false
        return !mayLackRows(this.#options, row.row)
      })
      // Above what former activations gave, below all that this one does.
      const version = activation.floor - 1
      const deletes = former.map((row) => deleteRecord(plan, keyIn(plan.entity.key, row?.row ?? {}), version))
      if (deletes.length > 0) await log.append(plan.source.topic, deletes)
      const last = page.rows.at(-1)
      if (!page.more || last === undefined) break
      after = keyIn(keyColumns, last)
      await setImmediate()
    }
    const { fold, number } = activation
    await ledger.markSnapshot({ fold, number, of: SETTLED }, { after: null, rows: 0, done: true })
  }
}

function keyIn(columns: readonly string[], row: Row): Row {
  const key: Record<string, Row[string]> = {}
  for (const column of columns) key[column] = row[column] ?? null
  return key
}
