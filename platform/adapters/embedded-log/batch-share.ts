// What the batches in hand of one log hold together: a partition that has the only backlog gets large batches, many partitions with one get
// smaller ones each, so that memory does not grow with their number.
import { limits } from '../../limits.ts'

export interface TakenShare {
  /** Most records of the batch. */
  readonly recordsMax: number
  /** The batch is not in hand any more. */
  done(): void
}

export class BatchShare {
  #inHand = 0

  take(): TakenShare {
    this.#inHand += 1
    return {
      recordsMax: Math.max(limits.consumeBatchRecordsMax, Math.floor(limits.logBatchRecordsMax / this.#inHand)),
      done: () => {
        this.#inHand -= 1
      },
    }
  }
}
