// Rewinds asked of the worker of one partition, on their way to it: it takes them between two batches. Every one is answered, at the latest
// when the worker ends.
import { MeshgateError } from './errors.ts'
import type { Position } from './ports/event-log.ts'

interface Request {
  readonly offset: number
  readonly settled: PromiseWithResolvers<void>
}

export interface TakenRewind {
  /** The lowest asked for: whoever asked for a later one gets that too. */
  readonly offset: number
  /** The group's position is durable. */
  done(): void
  refuse(error: unknown): void
}

export class RewindRequests {
  #requests: Request[] = []
  #listener: (() => void) | null = null
  #ended: MeshgateError | null = null

  /** Resolves once the worker has set the position back; rejects with what it was refused for, or when the worker ends. */
  ask(offset: number): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const settled = Promise.withResolvers<void>()
    this.#requests.push({ offset, settled })
    this.#listener?.()
    return settled.promise
  }

  get waiting(): boolean {
    return this.#requests.length > 0
  }

  /** For the one worker: called when one is asked for while it waits for records. */
  listen(listener: () => void): () => void {
    this.#listener = listener
    return () => {
      this.#listener = null
    }
  }

  /** All that wait, as one. Null: none. */
  take(): TakenRewind | null {
    if (this.#requests.length === 0) return null
    const taken = this.#requests
    this.#requests = []
    return {
      offset: Math.min(...taken.map(({ offset }) => offset)),
      done: () => {
        for (const { settled } of taken) settled.resolve()
      },
      refuse: (error) => {
        for (const { settled } of taken) settled.reject(error)
      },
    }
  }

  end(reason: MeshgateError): void {
    this.#ended = reason
    this.take()?.refuse(reason)
  }
}

export function notHeld({ topic, partition }: Pick<Position, 'topic' | 'partition'>): MeshgateError {
  const message = `This member does not have ${topic}:${String(partition)} any more, or not yet: its position is set back by the one that has it.`
  return new MeshgateError('LOG_PARTITION_NOT_HELD', message)
}
