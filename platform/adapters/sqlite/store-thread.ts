// The near end of a worker thread: sends the calls of one tick as one message, matches answers to calls, bounds what waits, and starts the
// thread again on the next call after it has died. Owns the worker.
import { Worker } from 'node:worker_threads'
import { invariant, MeshgateError } from '../../errors.ts'
import { InHand } from '../../in-hand.ts'
import { limits } from '../../limits.ts'
import type {
  AnswerBatch,
  BinaryPart,
  CheckpointRequest,
  Failure,
  ReaderRequest,
  RequestBatch,
  ThreadData,
  WriterRequest,
} from './thread-messages.ts'
import { jsonText } from './write-part.ts'

export type ThreadEntry = 'writer-thread' | 'reader-thread' | 'checkpoint-thread'

export interface StoreThreadOptions {
  readonly entry: ThreadEntry
  /** What each start of the thread gets. */
  readonly data: () => ThreadData
  /** Characters of texts with bytes of parts, and calls, that may wait for answers; beyond either, calls are refused. */
  readonly charsWaitingMax: number
  readonly callsWaitingMax: number
  /** Told of every start. */
  readonly onStart?: (worker: Worker) => void
}

interface Call {
  readonly resolve: (text: string) => void
  readonly reject: (error: MeshgateError) => void
  readonly size: number
}

export class StoreThread {
  readonly #options: StoreThreadOptions
  readonly #calls = new InHand<Call>()
  #outbox: RequestBatch[number][] = []
  #worker: Worker | null = null
  #exited: Promise<void> = Promise.resolve()
  #fatal: Failure | null = null
  #charsWaiting = 0

  constructor(options: StoreThreadOptions) {
    this.#options = options
  }

  get charsWaiting(): number {
    return this.#charsWaiting
  }

  /** The answer's text. STORE_OVERLOADED where too much waits, STORE_UNAVAILABLE where the thread dies first. */
  call(
    request: WriterRequest | ReaderRequest | CheckpointRequest,
    part: BinaryPart | string | null = null,
  ): Promise<string> {
    const { charsWaitingMax, callsWaitingMax } = this.#options
    const text = jsonText(request)
    const size = text.length + sizeOf(part)
    // Few and small, and a thread that missed one would work on an old catalog.
    const isControl = request.kind === 'use' || request.kind === 'load' || request.kind === 'migrate'
    const full = this.#calls.size >= callsWaitingMax || this.#charsWaiting + size > charsWaitingMax
    // A call larger than the bound still gets through when nothing else waits.
    if (full && !isControl && this.#calls.size > 0) {
      const waiting = `${this.#calls.size} calls of ${this.#charsWaiting} characters wait`
      return Promise.reject(
        new MeshgateError('STORE_OVERLOADED', `The store is behind: ${waiting}. Retry with backoff.`),
      )
    }
    this.#charsWaiting += size
    if (this.#outbox.length === 0) process.nextTick(() => queueMicrotask(() => process.nextTick(() => this.#flush())))
    return new Promise((resolve, reject) => {
      this.#outbox.push([this.#calls.add({ resolve, reject, size }), text, part])
    })
  }

  /** Ends the thread after the calls in hand. */
  async close(): Promise<void> {
    this.#flush()
    // No call waits for it: the thread's end is its answer.
    this.#worker?.postMessage([[0, jsonText({ kind: 'close' } satisfies WriterRequest), null]] satisfies RequestBatch)
    await this.#exited
  }

  // Twice around the queues of the tick: loaders that gather keys ask when everything else of the tick has asked, and share its message.
  #flush(): void {
    if (this.#outbox.length === 0) return
    const batch = this.#outbox
    this.#outbox = []
    this.#worker ??= this.#start()
    const moved: ArrayBuffer[] = []
    for (const [, , part] of batch) {
      // Made by Float64Array and allocUnsafeSlow: memory of its own that no other thread shares.
      if (part !== null && typeof part !== 'string')
        moved.push(part.meta.buffer as ArrayBuffer, part.bytes.buffer as ArrayBuffer)
    }
    this.#worker.postMessage(batch, moved)
  }

  #start(): Worker {
    const { entry, data, onStart } = this.#options
    // Beside this file, as source and as emitted JavaScript.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./${entry}.${extension}`, import.meta.url), {
      workerData: data(),
      name: entry,
      resourceLimits: { maxYoungGenerationSizeMb: limits.storeThreadYoungMegabytes },
    })
    let cause: unknown
    this.#fatal = null
    worker.on('message', (batch: AnswerBatch) => this.#receive(batch))
    worker.on('error', (error) => (cause = error))
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#worker = null
        this.#rejectAll(cause)
        resolve()
      })
    })
    onStart?.(worker)
    return worker
  }

  #receive(batch: AnswerBatch): void {
    if ('fatal' in batch) {
      this.#fatal = batch.fatal
      return
    }
    for (const [id, text, failure] of batch.answers) {
      const call = this.#calls.take(id)
      if (call === undefined) continue
      this.#charsWaiting -= call.size
      if (failure === null) {
        invariant(text !== null, 'an answer has a text or a failure')
        call.resolve(text)
      } else call.reject(new MeshgateError(failure.code, failure.message))
    }
  }

  // What waits in the outbox was never sent: it goes to the next thread.
  #rejectAll(cause: unknown): void {
    const unsent = new Set(this.#outbox.map(([id]) => id))
    for (const [id, call] of this.#calls.entries()) {
      if (unsent.has(id)) continue
      this.#calls.take(id)
      this.#charsWaiting -= call.size
      call.reject(
        this.#fatal === null
          ? new MeshgateError(
              'STORE_UNAVAILABLE',
              `The store's ${this.#options.entry} ended with calls in hand: retry them.`,
              cause,
            )
          : new MeshgateError(this.#fatal.code, this.#fatal.message),
      )
    }
  }
}

function sizeOf(part: BinaryPart | string | null): number {
  if (part === null) return 0
  return typeof part === 'string' ? part.length : part.bytes.byteLength + part.meta.byteLength
}
