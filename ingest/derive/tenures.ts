// Times that this process has a partition of a stage. Each begins with a claim, whose epoch lies above all numbers of owners before, and with
// whatever the stage must have done before it reads anything; what a stage remembers of the partition belongs to it and goes with it.
import { randomUUID } from 'node:crypto'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { RecordBatch } from '../../platform/ports/event-log.ts'
import type { Claimed, FoldLedger, StageName, StagePartition } from './fold-ledger.ts'

export interface TenuresOptions<Memory> {
  readonly ledger: FoldLedger
  /** `domain/name.Entity` */
  readonly fold: string
  /** Of the activation that is worked by. */
  readonly number: number
  readonly stage: StageName
  /** What comes before anything else of a tenure, and what is remembered in it. A rejection begins the tenure again. */
  readonly begin: (first: RecordBatch, claimed: Claimed) => Promise<Memory>
}

export class Tenure<Memory> {
  readonly epoch: number
  readonly memory: Memory
  readonly #ledger: FoldLedger
  readonly #owner: string
  readonly #of: StagePartition
  #number = 0

  constructor(of: StagePartition, claim: { owner: string; epoch: number }, ledger: FoldLedger, memory: Memory) {
    this.#of = of
    this.#owner = claim.owner
    this.epoch = claim.epoch
    this.#ledger = ledger
    this.memory = memory
  }

  /** A number above all before it, of any owner: a write time, a version, the number of a message. */
  next(): number {
    this.#number += 1
    return this.epoch + this.#number
  }

  /** Whether it has numbers for a batch. */
  get lasts(): boolean {
    return this.#number < limits.foldTenureNumbers / 2
  }

  /** Whether nobody else had claimed the partition when this was called. */
  async isCurrent(): Promise<boolean> {
    await this.#ledger.readOn()
    return this.#ledger.holds(this.#of, this.#owner)
  }
}

export class Tenures<Memory> {
  readonly #options: TenuresOptions<Memory>
  /** By the signal of the handler: one for each time that this process has the partition. */
  readonly #begun = new WeakMap<AbortSignal, Tenure<Memory>>()

  constructor(options: TenuresOptions<Memory>) {
    this.#options = options
  }

  async of(batch: RecordBatch, signal: AbortSignal): Promise<Tenure<Memory>> {
    const begun = this.#begun.get(signal)
    if (begun?.lasts === true) return begun
    const { ledger, fold, stage, begin } = this.#options
    const of = { fold, stage, partition: batch.partition }
    const owner = randomUUID()
    // Not to take the partition from those who work by the other definition.
    await ledger.readOn()
    this.#requireActive()
    const claimed = await ledger.claim(of, owner)
    this.#requireActive()
    const tenure = new Tenure(of, { owner, epoch: claimed.epoch }, ledger, await begin(batch, claimed))
    this.#begun.set(signal, tenure)
    return tenure
  }

  /**
   * Rejects where somebody else has claimed the partition, perhaps one that is gone already: what the tenure has done since may count for
   * nothing, so the batch is repeated in another. Asked behind what a batch does, and before its position is committed.
   */
  async confirm(tenure: Tenure<Memory>, signal: AbortSignal): Promise<void> {
    if (await tenure.isCurrent()) return
    this.#begun.delete(signal)
    const { fold, stage } = this.#options
    const message = `A partition of ${fold} (${stage}) was claimed by another process meanwhile; the batch is repeated.`
    throw new MeshgateError('FOLD_SUPERSEDED', message)
  }

  #requireActive(): void {
    const { ledger, fold, number } = this.#options
    if (ledger.activation(fold)?.number !== number) throw superseded(fold)
  }
}

function superseded(fold: string): MeshgateError {
  return new MeshgateError('FOLD_SUPERSEDED', `Another definition of the fold ${fold} is worked by since.`)
}
