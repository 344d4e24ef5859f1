// One subscription over any number of streams: it keeps the cursor behind the last event and opens the next stream with it. From its first
// message on every event is delivered once and in order; where that cannot be, `onGap` says how it goes on. Owns the stream that is open.
import { createCursorSaver, type CursorSaver } from './cursor-saver.ts'
import { onceOnline } from './once-online.ts'
import { failureOf, isErrorList, type Failure } from './stream-failure.ts'
import type { EventSink, OpenStream, StreamEvent, SubscriptionRequest } from './stream-types.ts'
import {
  isStart,
  SAVE_MS,
  spreadDelayMs,
  storageId,
  STREAM_HELD_MS,
  type SubscriptionOptions,
} from './subscription-options.ts'

type Passing = Exclude<Failure, { kind: 'gap' | 'final' }>

export class ResumingSubscription {
  readonly #open: OpenStream
  readonly #request: SubscriptionRequest
  readonly #sink: EventSink
  readonly #options: SubscriptionOptions
  readonly #saver: CursorSaver | null
  /** Behind the last message received. */
  #cursor: string | undefined
  #snapshot: boolean
  /** Whether anything has come since the beginning or the last gap. */
  #hasBegun = false
  #restarted = false
  #attempts = 0
  #renewed = false
  #openedMs = 0
  /** Counts streams: what an earlier one still says is not heard. */
  #turn = 0
  #closeStream: (() => void) | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #endListening: () => void = () => undefined
  #ended = false

  constructor(open: OpenStream, request: SubscriptionRequest, sink: EventSink, options: SubscriptionOptions) {
    this.#open = open
    this.#request = request
    this.#sink = sink
    this.#options = options
    const { cursor, snapshot } = request.extensions ?? {}
    this.#cursor = typeof cursor === 'string' ? cursor : undefined
    this.#snapshot = snapshot === true
    const { storage, id, saveMs = SAVE_MS } = options
    this.#saver = storage === undefined ? null : createCursorSaver({ storage, id: storageId(request, id), saveMs })
  }

  get cursor(): string | undefined {
    return this.#cursor
  }

  /** Goes on from the request's cursor, else from the one in the storage. */
  start(): void {
    if (this.#saver === null || this.#cursor !== undefined) return this.#openStream()
    const turn = ++this.#turn
    void this.#saver.load().then((cursor) => {
      if (turn !== this.#turn) return
      this.#cursor = cursor
      this.#openStream()
    })
  }

  /** The consumer has the event that this cursor came with. */
  delivered(cursor: string): void {
    this.#saver?.saved(cursor)
  }

  /** Closes the stream until `resume`. Only where there is a cursor to go on from. */
  pause(): void {
    this.#leaveStream()
  }

  resume(): void {
    if (!this.#ended) this.#openStream()
  }

  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#leaveStream()
    this.#saver?.flush()
  }

  #openStream(): void {
    this.#endListening()
    this.#openedMs = performance.now()
    const turn = ++this.#turn
    let sent = 0
    const heard =
      <Given extends unknown[]>(hear: (...given: Given) => void) =>
      (...given: Given): void => {
        if (turn === this.#turn) hear(...given)
      }
    const close = this.#open(
      {
        original: this.#request,
        current: () => {
          // The transport has connected again by itself.
          if (sent++ > 0) queueMicrotask(heard(() => this.#reconnected()))
          return this.#nextRequest()
        },
      },
      {
        next: heard((event) => this.#receive(event)),
        error: heard((error) => this.#lost(failureOf(error))),
        complete: heard(() => this.#end(() => this.#sink.complete())),
      },
    )
    // A transport may fail while it opens.
    if (turn === this.#turn) this.#closeStream = close
    else close()
  }

  #nextRequest(): SubscriptionRequest {
    const { cursor: _cursor, snapshot: _snapshot, ...extensions } = this.#request.extensions ?? {}
    const cursor = this.#cursor === undefined ? {} : { cursor: this.#cursor }
    return {
      ...this.#request,
      // The first answer says where the stream begins: without it nothing could be resumed before the first event.
      extensions: { ...extensions, ...(this.#snapshot ? { snapshot: true } : {}), ...cursor, started: true },
    }
  }

  #receive(event: StreamEvent): void {
    const { data, errors, extensions } = event
    // Over SSE a stream that ends with an error says so in its last event.
    if (data === undefined && isErrorList(errors)) return this.#lost(failureOf(errors))
    const cursor = extensions?.cursor
    if (typeof cursor === 'string') this.#cursor = cursor
    const isFirst = !this.#hasBegun
    this.#hasBegun = true
    if (isStart(event)) {
      // Nothing has come that could still be undelivered: a page that is loaded again before its first event goes on from here.
      if (isFirst && cursor !== undefined) this.#saver?.begun(cursor)
      return
    }
    this.#recovered()
    const restarted = this.#restarted
    this.#restarted = false
    this.#sink.next(restarted ? { ...event, extensions: { ...extensions, restarted: true } } : event)
  }

  /** Without a cursor, what happened meanwhile is lost. */
  #reconnected(): void {
    if (!this.#hasBegun || this.#cursor !== undefined) return
    this.#lost(failureOf(new Error('The connection was lost.')))
  }

  /** That a stream begins does not say that it holds. */
  #recovered(): void {
    this.#attempts = 0
    this.#renewed = false
  }

  #lost(failure: Failure): void {
    this.#leaveStream()
    if (performance.now() - this.#openedMs > STREAM_HELD_MS) this.#recovered()
    if (failure.kind === 'final') return this.#fail(failure.error)
    if (failure.kind === 'gap') return this.#gap(failure.code, failure.error)
    if (failure.cursor !== undefined) this.#cursor = failure.cursor
    if (this.#hasBegun && this.#cursor === undefined) return this.#gap('RESUME_UNSUPPORTED', failure.error)
    this.#retry(failure)
  }

  #retry(failure: Passing): void {
    const { kind, error } = failure
    const afterMs = kind === 'passing' ? (failure.afterMs ?? 0) : 0
    const { attemptsMax = Infinity, retryDelayMs = spreadDelayMs, onInterruption, renew } = this.#options
    const attempt = this.#attempts++
    if (attempt >= attemptsMax) return this.#fail(error)
    if (kind === 'unauthenticated' && (renew === undefined || this.#renewed)) return this.#fail(error)
    onInterruption?.(error, attempt)
    const turn = this.#turn
    const wait = (): void => {
      if (turn === this.#turn) this.#openIn(afterMs + retryDelayMs(attempt), afterMs)
    }
    if (kind === 'passing') return wait()
    this.#renewed = true
    Promise.resolve(renew?.()).then(wait, () => turn === this.#turn && this.#fail(error))
  }

  /** Sooner where a browser's network is back, but not before the server wants it. */
  #openIn(delayMs: number, delayMsMin: number): void {
    const sinceMs = performance.now()
    this.#timer = setTimeout(() => this.#openStream(), delayMs)
    this.#endListening = onceOnline(() => {
      clearTimeout(this.#timer)
      const leftMs = Math.max(0, sinceMs + delayMsMin - performance.now())
      this.#timer = setTimeout(() => this.#openStream(), leftMs + spreadDelayMs(0))
    })
  }

  #gap(code: string, error: unknown): void {
    const { onGap } = this.#options
    const usual = this.#snapshot ? 'snapshot' : 'fail'
    const gap = { code, error, cursor: this.#cursor, request: this.#request }
    this.#saver?.remove()
    const turn = this.#turn
    Promise.resolve(onGap === undefined ? usual : onGap(gap)).then(
      (after) => {
        if (turn !== this.#turn) return
        if (after === 'fail') return this.#fail(error)
        this.#snapshot = after === 'snapshot'
        this.#cursor = undefined
        this.#restarted ||= this.#hasBegun || gap.cursor !== undefined
        this.#hasBegun = false
        this.#retry({ kind: 'passing', error })
      },
      (thrown: unknown) => turn === this.#turn && this.#fail(thrown),
    )
  }

  #fail(error: unknown): void {
    this.#end(() => this.#sink.error(error))
  }

  #end(tell: () => void): void {
    this.close()
    tell()
  }

  #leaveStream(): void {
    this.#turn++
    clearTimeout(this.#timer)
    this.#endListening()
    const close = this.#closeStream
    this.#closeStream = null
    close?.()
  }
}
