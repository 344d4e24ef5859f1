// What the batches in hand of one log take together. A batch is many times its bytes while it is handled, so of backlogs only some are in hand
// at a time, and the others wait for their turn in the order asked: memory does not grow with the number of partitions. The only backlog gets
// large batches, several get smaller ones each. What is small, as live records are, waits for nobody.
import { limits } from '../../limits.ts'

export class BatchShare {
  #inHand = 0
  readonly #waiting = new Set<() => void>()

  /** Of one partition's batches. */
  turn(): BatchTurn {
    return new BatchTurn(this)
  }

  /** Resolves with how many backlogs have batches in hand then, this one among them. */
  enter(signal: AbortSignal): Promise<number> {
    if (this.#inHand < limits.logBacklogsInHandMax) return Promise.resolve((this.#inHand += 1))
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(start)
        reject(signal.reason as Error)
      }
      const start = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(this.#inHand)
      }
      this.#waiting.add(start)
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) leave()
    })
  }

  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#inHand -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

export class BatchTurn {
  readonly #share: BatchShare
  #inHand: 'nothing' | 'small' | 'backlog' = 'nothing'
  #bounds: TurnBounds = SMALL

  constructor(share: BatchShare) {
    this.#share = share
  }

  /** Resolves with what the batch may have; as before where the turn is not over. Rejects with the signal's reason. */
  async take(isSmall: boolean, signal: AbortSignal): Promise<TurnBounds> {
    if (this.#inHand !== 'nothing') return this.#bounds
    if (isSmall) {
      this.#inHand = 'small'
      this.#bounds = SMALL
    } else {
      const sharing = await this.#share.enter(signal)
      this.#inHand = 'backlog'
      const recordsMax = Math.max(limits.consumeBatchRecordsMax, Math.floor(limits.logBatchRecordsMax / sharing))
      this.#bounds = { recordsMax, bytesMax: limits.consumeBatchBytesMax }
    }
    return this.#bounds
  }

  /** The batch is not in hand any more, or rests. */
  done(): void {
    if (this.#inHand === 'backlog') this.#share.leave()
    this.#inHand = 'nothing'
  }
}

export interface TurnBounds {
  readonly recordsMax: number
  readonly bytesMax: number
}

const SMALL: TurnBounds = { recordsMax: limits.logSmallBatchRecordsMax, bytesMax: limits.logSmallBatchBytesMax }
