// A client's stream as it was, with its events counted and its end told once: why it ended, and after how many.
import { GraphQLError } from 'graphql'
import type { EngineResult } from '../engine-contract.ts'

export function watchStream(
  stream: AsyncIterableIterator<EngineResult>,
  signal: AbortSignal | undefined,
  onEnd: (reason: string, events: number) => void,
): AsyncIterableIterator<EngineResult> {
  return new WatchedStream(stream, signal, onEnd)
}

type Result = IteratorResult<EngineResult, undefined>

class WatchedStream implements AsyncIterableIterator<EngineResult, undefined> {
  readonly #stream: AsyncIterableIterator<EngineResult>
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: (reason: string, events: number) => void
  #events = 0
  #isEnded = false

  constructor(
    stream: AsyncIterableIterator<EngineResult>,
    signal: AbortSignal | undefined,
    onEnd: (reason: string, events: number) => void,
  ) {
    this.#stream = stream
    this.#signal = signal
    this.#onEnd = onEnd
  }

  async next(): Promise<Result> {
    try {
      const result = (await this.#stream.next()) as Result
      if (result.done === true) this.#end(this.#signal?.aborted === true ? 'left' : 'completed')
      else this.#events += 1
      return result
    } catch (error) {
      const code = error instanceof GraphQLError ? error.extensions['code'] : undefined
      this.#end(typeof code === 'string' ? code : 'INTERNAL')
      throw error
    }
  }

  async return(): Promise<Result> {
    this.#end('left')
    await this.#stream.return?.(undefined)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(reason: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#onEnd(reason, this.#events)
  }
}
