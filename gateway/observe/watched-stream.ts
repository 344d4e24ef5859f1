// A client's stream as it was, with its events counted and its end told once: why it ended, and after how many.
import type { EngineResult, ResultStream } from '../engine-contract.ts'
import { codeOf } from '../gateway-observer.ts'
import type { EventSink } from '../subscribe/event-queue.ts'

export function watchStream(
  stream: ResultStream,
  signal: AbortSignal | undefined,
  onEnd: (reason: string, events: number) => void,
): ResultStream {
  return new WatchedStream(stream, signal, onEnd)
}

type Result = IteratorResult<EngineResult, undefined>

class WatchedStream implements ResultStream {
  readonly #stream: ResultStream
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: (reason: string, events: number) => void
  #events = 0
  #isEnded = false

  constructor(stream: ResultStream, signal: AbortSignal | undefined, onEnd: (reason: string, events: number) => void) {
    this.#stream = stream
    this.#signal = signal
    this.#onEnd = onEnd
  }

  async next(): Promise<Result> {
    try {
      const result = (await this.#stream.next()) as Result
      if (result.done === true) this.#completed()
      else this.#events += 1
      return result
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  async pipeTo(sink: EventSink<EngineResult>): Promise<void> {
    const counted: EventSink<EngineResult> = {
      write: (event) => {
        this.#events += 1
        return sink.write(event)
      },
      whenRoom: (ready) => sink.whenRoom(ready),
    }
    try {
      await this.#stream.pipeTo(counted)
      this.#completed()
    } catch (error) {
      this.#failed(error)
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

  #completed(): void {
    this.#end(this.#signal?.aborted === true ? 'left' : 'completed')
  }

  #failed(error: unknown): void {
    this.#end(codeOf(error))
  }

  #end(reason: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#onEnd(reason, this.#events)
  }
}
