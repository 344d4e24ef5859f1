// The topic `mesh.folds` as this process knows it: which definition of a fold is active since when, who has which partition of a stage, how
// far snapshots are. It reads on when it is asked; nothing runs by itself. Of activations with one number the first in the log holds (each
// has a key of its own, so that compaction keeps it); of claims of a partition the last, whose epoch lies above all before it.
import { randomUUID } from 'node:crypto'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Row } from '../../schema/row.ts'
import { FOLDS_TOPIC } from '../internal-topics.ts'

const READ_RECORDS = 1_000

/** A definition of a fold that is worked by. */
export interface Activation {
  /** `domain/name.Entity`. */
  readonly fold: string
  /** Counts the fold's activations, from 1. */
  readonly number: number
  readonly definitionHash: string
  /** Versions of rows that activations before gave are lower, those of this one are not. */
  readonly floor: number
  /** By topic: per partition, the first offset that concerns it. */
  readonly starts: Readonly<Record<string, readonly number[]>>
}

export type StageName = 'contribute' | 'fold'

export interface StagePartition {
  readonly fold: string
  readonly stage: StageName
  readonly partition: number
}

interface Claim extends StagePartition {
  readonly owner: string
  /** The first of `limits.foldTenureNumbers` numbers that are the owner's. */
  readonly epoch: number
}

/** What whoever claims a partition is given. */
export interface Claimed {
  /** Above all numbers of owners before. */
  readonly epoch: number
  /** Nobody had claimed it before, for any activation of the fold. */
  readonly isFirst: boolean
}

/** How far an activation's snapshot of an input is. */
export interface SnapshotMark {
  /** Key of the last row touched. */
  readonly after: Row | null
  readonly rows: number
  readonly done: boolean
}

interface SnapshotOf {
  readonly fold: string
  readonly number: number
  /** Name of the input; `SETTLED`: rows that only activations before gave are deleted. */
  readonly of: string
}

export const SETTLED = '!settled'

type FoldRecord =
  | ({ readonly kind: 'activation' } & Activation)
  | ({ readonly kind: 'claim' } & Claim)
  | ({ readonly kind: 'snapshot'; readonly mark: SnapshotMark } & SnapshotOf)

export class FoldLedger {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #activations = new Map<string, Activation>()
  readonly #claims = new Map<string, Claim & { readonly isFirst: boolean }>()
  readonly #snapshots = new Map<string, SnapshotMark>()
  #next = 0
  #reading: Promise<void> | null = null

  constructor(ports: { readonly log: EventLog; readonly clock: Clock }) {
    this.#log = ports.log
    this.#clock = ports.clock
  }

  /** As last read. */
  activation(fold: string): Activation | null {
    return this.#activations.get(fold) ?? null
  }

  /** As last read; null where nothing is known of it. */
  snapshot(of: SnapshotOf): SnapshotMark | null {
    return this.#snapshots.get(snapshotKey(of)) ?? null
  }

  markSnapshot(of: SnapshotOf, mark: SnapshotMark): Promise<void> {
    return this.#say(snapshotKey(of), { kind: 'snapshot', ...of, mark })
  }

  /** Knows everything that was in the topic when it was called. */
  async readOn(): Promise<void> {
    // One that is under way may have asked for the end before.
    await this.#reading?.catch(() => undefined)
    await (this.#reading ??= this.#readToEnd().finally(() => (this.#reading = null)))
  }

  /** Makes the definition the active one, from the beginning. Somebody else may have been first, with whatever definition. */
  async activate(
    next: Pick<Activation, 'fold' | 'definitionHash'>,
    starts: () => Promise<Activation['starts']>,
  ): Promise<Activation> {
    await this.readOn()
    const { fold } = next
    const number = (this.activation(fold)?.number ?? 0) + 1
    const floor = Math.max(this.#nowUs(), this.#claimedOf(fold)) + limits.foldFloorMarginUs
    const activation = { fold, number, definitionHash: next.definitionHash, floor, starts: await starts() }
    await this.#say(`activation/${fold}/${number}/${randomUUID()}`, { kind: 'activation', ...activation })
    return this.activation(fold) ?? activation
  }

  /** The partition is the owner's from now on. */
  async claim(partition: StagePartition, owner: string): Promise<Claimed> {
    const key = claimKey(partition)
    await this.readOn()
    for (;;) {
      const floor = this.activation(partition.fold)?.floor ?? 0
      const epoch = Math.max(this.#nowUs(), floor, endOf(this.#claims.get(key)))
      await this.#say(key, { kind: 'claim', ...partition, owner, epoch })
      // Another may have claimed it in between, with the same epoch.
      const held = this.#claims.get(key)
      if (held?.owner === owner && held.epoch === epoch) return { epoch, isFirst: held.isFirst }
    }
  }

  /** Whether nobody else has claimed the partition, as last read. */
  holds(partition: StagePartition, owner: string): boolean {
    return this.#claims.get(claimKey(partition))?.owner === owner
  }

  #nowUs(): number {
    return Math.floor(this.#clock.now() * 1_000)
  }

  #claimedOf(fold: string): number {
    const ends = [...this.#claims.values()].filter((claim) => claim.fold === fold).map(endOf)
    return Math.max(0, ...ends)
  }

  /** Appends, and knows what came before it. */
  async #say(key: string, record: FoldRecord): Promise<void> {
    const append = { key: Buffer.from(key), value: Buffer.from(JSON.stringify(record)) }
    const [position] = await this.#log.append(FOLDS_TOPIC, [append])
    const offset = position?.offset ?? 0
    while (this.#next <= offset) await this.readOn()
  }

  async #readToEnd(): Promise<void> {
    const [range] = await this.#log.offsets(FOLDS_TOPIC)
    const end = range?.next ?? 0
    let offset = Math.max(this.#next, range?.earliest ?? 0)
    while (offset < end) {
      const records = await this.#log.read({ topic: FOLDS_TOPIC, partition: 0, offset }, READ_RECORDS)
      const last = records.at(-1)
      if (last === undefined) break
      for (const record of records) this.#fold(record)
      offset = last.offset + 1
      this.#next = offset
    }
    // Compaction may have left nothing up to the end.
    this.#next = Math.max(this.#next, end)
  }

  #fold({ value }: LogRecord): void {
    if (value === null) return
    // Only this class appends to the topic.
    const record = JSON.parse(Buffer.from(value).toString()) as FoldRecord
    switch (record.kind) {
      case 'activation':
        if (record.number > (this.#activations.get(record.fold)?.number ?? 0)) {
          this.#activations.set(record.fold, record)
        }
        return
      case 'claim': {
        const key = claimKey(record)
        const before = this.#claims.get(key)
        if (record.epoch >= endOf(before)) this.#claims.set(key, { ...record, isFirst: before === undefined })
        return
      }
      case 'snapshot':
        this.#snapshots.set(snapshotKey(record), record.mark)
    }
  }
}

function endOf(claim: Claim | undefined): number {
  return claim === undefined ? 0 : claim.epoch + limits.foldTenureNumbers
}

function claimKey({ fold, stage, partition }: StagePartition): string {
  return `claim/${fold}/${stage}/${partition}`
}

function snapshotKey({ fold, number, of }: SnapshotOf): string {
  return `snapshot/${fold}/${number}/${of}`
}
