// The rows of a snapshot, then every change after the position that was taken before the first row was read: a row may be newer than that,
// and is told again by its change. Holds one page of rows. Its progress says how far the read is, so that it can be resumed at any row.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Row } from '../../schema/row.ts'
import { AFTER_A_GAP, type ChangeProgress, type SnapshotReading } from './change-progress.ts'
import { matchesAll, type Filter } from './change-selection.ts'
import {
  ChangeStream,
  checkHeld,
  type CaughtUp,
  type ChangeStreamOptions,
  type SelectedChange,
} from './change-stream.ts'
import type { Gate } from './gate.ts'
import { positionFrom, positionValues } from './row-list.ts'
import type { SnapshotList } from './snapshot-list.ts'
import { visibleRows } from './visible-rows.ts'

export interface SnapshotRow {
  readonly kind: 'row'
  readonly row: Row
  readonly progress: ChangeProgress
}

/** All rows have been told; changes follow. */
export interface SnapshotComplete {
  readonly kind: 'snapshotComplete'
  readonly progress: ChangeProgress
}

export type SnapshotStep = SnapshotRow | SnapshotComplete | SelectedChange | CaughtUp

export interface SnapshotOptions {
  readonly changes: ChangeStreamOptions
  readonly snapshot: SnapshotList
  readonly filters: readonly Filter[]
  /** Reads of pages pass here. */
  readonly gate: Gate
}

type Reading = ChangeProgress & { readonly reading: SnapshotReading }

const isReading = (progress: ChangeProgress): progress is Reading => progress.reading !== undefined

export class SnapshotThenChanges {
  readonly #options: SnapshotOptions
  readonly #start: Reading
  readonly #rows: AsyncGenerator<SnapshotRow, void>
  #changes: ChangeStream | null = null
  /** As of `ChangeStream`. */
  #told: ChangeProgress
  #handedOut: ChangeProgress | null = null
  #lost: MeshgateError | null = null
  #failure: { readonly error: unknown } | null = null
  #closed = false

  private constructor(options: SnapshotOptions, start: Reading) {
    this.#options = options
    this.#start = start
    this.#told = start
    this.#rows = this.#read(start.reading)
  }

  /** SUBSCRIPTION_GAP where the retention has passed the position of the snapshot that is resumed, or its rows are read otherwise by now. */
  static async open(options: SnapshotOptions): Promise<SnapshotThenChanges> {
    const { changes, snapshot } = options
    const { from } = changes
    if (from === null || !isReading(from)) {
      const positions = (await changes.log.offsets(changes.topic)).map(({ next }) => next)
      const seen = await changes.recentSources.before(positions)
      const reading = { list: snapshot.label, after: [] }
      return new SnapshotThenChanges(options, { positions, seen, reading })
    }
    if (from.reading.list !== snapshot.label) {
      throw new MeshgateError(
        'SUBSCRIPTION_GAP',
        `The snapshot was read by ${from.reading.list} and is served by ${snapshot.label} now; ${AFTER_A_GAP}`,
      )
    }
    await checkHeld(changes, from.positions)
    return new SnapshotThenChanges(options, from)
  }

  /** How far the subscriber has been told: a row or change counts once the one after it is asked for. */
  get told(): ChangeProgress {
    return this.#changes === null || this.#handedOut !== null ? this.#told : this.#changes.told
  }

  get lost(): MeshgateError | null {
    return this.#lost
  }

  /** The next of them, null once closed. Rejects with the failure that ended the stream. One call at a time. */
  async next(): Promise<SnapshotStep | null> {
    this.#told = this.#handedOut ?? this.#told
    this.#handedOut = null
    if (this.#closed) return null
    if (this.#changes !== null) return this.#changes.next()
    const step = await this.#nextOfSnapshot()
    if (this.#closed) return null
    this.#handedOut = step.progress
    return step
  }

  fail(failure: MeshgateError): void {
    this.#lost ??= failure
    this.#changes?.fail(failure)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#changes?.close()
  }

  async #nextOfSnapshot(): Promise<SnapshotRow | SnapshotComplete> {
    this.#throwIfLost()
    const { value, done } = await this.#nextRow()
    this.#throwIfLost()
    if (done !== true) return value
    const { positions, seen } = this.#start
    const progress = { positions, seen }
    const changes = await ChangeStream.open({ ...this.#options.changes, from: progress })
    this.#changes = changes
    if (this.#closed) await changes.close()
    this.#throwIfLost()
    return { kind: 'snapshotComplete', progress }
  }

  /** A generator that has failed says it is at its end, which would pass for a whole snapshot. */
  async #nextRow(): Promise<IteratorResult<SnapshotRow, void>> {
    if (this.#failure !== null) throw this.#failure.error
    try {
      return await this.#rows.next()
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async *#read(reading: SnapshotReading): AsyncGenerator<SnapshotRow, void> {
    const { gate, snapshot, filters } = this.#options
    const { list } = snapshot
    let after = positionFrom(list, reading.after)
    for (;;) {
      const { rows, end } = await visibleRows(gate, list, { order: 'FORWARD', after, count: limits.snapshotPageRows })
      if (this.#closed) return
      for (const row of rows) {
        if (!matchesAll(filters, row)) continue
        const told = { list: reading.list, after: positionValues(list, row) }
        yield { kind: 'row', row, progress: { ...this.#start, reading: told } }
      }
      if (end === null) return
      after = end
    }
  }

  #throwIfLost(): void {
    if (this.#lost !== null) throw this.#lost
  }
}
