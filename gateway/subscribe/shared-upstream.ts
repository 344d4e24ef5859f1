// One upstream subscription and its clients. Where the subgraph gives cursors, a lost stream is opened again from the last of them and the
// clients notice nothing but the wait; where it gives none, or the wait is too long, they are told. Ends itself when the last client leaves.
import { ERROR_CODES, MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { isObject } from '../execute/plain-object.ts'
import { EventQueue, type Ending, type QueuedEvent } from './event-queue.ts'
import { joinInOrder } from './ordered-join.ts'
import { endings } from './stream-endings.ts'

/** What an upstream event says: something for the clients, or of the stream itself. */
export type Notice =
  | { readonly kind: 'event'; readonly cursor: string | undefined }
  /** Established; whoever resumes there misses nothing. */
  | { readonly kind: 'started'; readonly cursor: string }
  /** The subgraph ends the stream for a reason that may pass. */
  | { readonly kind: 'interrupted'; readonly cursor: string; readonly failure: MeshgateError }

export interface UpstreamDefinition<Upstream, Event> {
  readonly service: string
  /** Resolves once established, after `cursor` where one is given; the signal aborts when no client is left. */
  readonly open: (signal: AbortSignal, cursor: string | undefined) => Promise<AsyncIterableIterator<Upstream>>
  /** Absent: every event is for the clients. */
  readonly inspect?: (event: Upstream) => Notice
  join(event: Upstream, signal: AbortSignal): Promise<QueuedEvent<Event>>
}

export interface ClientOptions {
  /** Where the client resumes. */
  readonly cursor: string | undefined
  readonly eventsMax?: number
}

export interface SharedUpstreamOptions {
  readonly cursor: string | undefined
  readonly clock: Clock
  /** +1 and -1. */
  readonly onClient: (change: number) => void
  readonly onEnd: () => void
}

export class SharedUpstream<Upstream, Event> {
  readonly established: Promise<void>
  readonly #definition: UpstreamDefinition<Upstream, Event>
  readonly #options: SharedUpstreamOptions
  readonly #clients = new Set<EventQueue<Event>>()
  readonly #abort = new AbortController()
  #events: AsyncIterableIterator<Upstream> | null = null
  #ended = false
  /** After the last event received. */
  #cursor: string | undefined
  /** After the last event that the clients have been given. */
  #published: string | undefined
  /** Since when it has been lost without an event in between, and how often it was tried since. */
  #trouble: { readonly sinceMs: number; attempts: number } | null = null
  #openedMs = 0

  constructor(definition: UpstreamDefinition<Upstream, Event>, options: SharedUpstreamOptions) {
    this.#definition = definition
    this.#options = options
    this.#cursor = options.cursor
    this.#published = options.cursor
    this.established = this.#begin()
    // Whoever subscribed awaits it; all of them may have left.
    this.established.catch(() => undefined)
  }

  addClient(options: ClientOptions): EventQueue<Event> {
    const queue: EventQueue<Event> = new EventQueue({
      eventsMax: options.eventsMax ?? limits.subscriptionQueueEventsMax,
      cursor: options.cursor ?? this.#published,
      onOverflow: endings.slow,
      onReturn: () => {
        if (this.#clients.delete(queue)) this.#options.onClient(-1)
        if (this.#clients.size === 0) void this.close(endings.lost('', null))
      },
    })
    this.#clients.add(queue)
    this.#options.onClient(1)
    return queue
  }

  async close(ending: Ending): Promise<void> {
    this.#finish((client) => client.fail(ending))
    this.#abort.abort(new Error('The subscription has no clients left.'))
    await this.#events?.return?.(undefined)?.catch(() => undefined)
  }

  async #begin(): Promise<void> {
    try {
      const events = await this.#open()
      if (events !== null) void this.#run(events)
    } catch (error) {
      this.#finish((client) => client.complete())
      throw error
    }
  }

  /** Null where nobody is left. */
  async #open(): Promise<AsyncIterableIterator<Upstream> | null> {
    const { signal } = this.#abort
    const events = await this.#definition.open(signal, this.#cursor)
    this.#events = events
    this.#openedMs = this.#options.clock.monotonic()
    if (!signal.aborted) return events
    await events.return?.(undefined)
    return null
  }

  async #run(first: AsyncIterableIterator<Upstream>): Promise<void> {
    let events: AsyncIterableIterator<Upstream> | null = first
    try {
      while (events !== null) {
        const interruption = await this.#pump(events)
        if (interruption === null) return this.#finish((client) => client.complete())
        events = await this.#reopen(interruption)
      }
    } catch (error) {
      this.#finish((client) => client.fail(endings.lost(this.#definition.service, error)))
    }
  }

  /** Hands events on until the stream ends. Why it may be opened again; null where it has completed. */
  async #pump(events: AsyncIterableIterator<Upstream>): Promise<unknown> {
    let interruption: unknown = null
    const received = async function* (this: SharedUpstream<Upstream, Event>): AsyncGenerator<Upstream> {
      for await (const event of events) {
        const notice = this.#definition.inspect?.(event) ?? { kind: 'event', cursor: undefined }
        this.#cursor = notice.cursor ?? this.#cursor
        if (notice.kind === 'interrupted') {
          interruption = notice.failure
          return
        }
        if (notice.kind === 'started') {
          this.#publishCursor(notice.cursor)
          continue
        }
        this.#trouble = null
        yield event
      }
    }
    try {
      await joinInOrder<Upstream, QueuedEvent<Event>>({
        events: received.call(this),
        join: (event) => this.#definition.join(event, this.#abort.signal),
        publish: (event) => {
          this.#published = event.cursor ?? this.#published
          for (const client of this.#clients) client.push(event)
        },
        inFlightMax: limits.subscriptionJoinsInFlightMax,
      })
      return interruption
    } catch (error) {
      if (this.#ended || this.#cursor === undefined || !mayPass(error)) throw error
      return error
    }
  }

  #publishCursor(cursor: string): void {
    if (this.#published !== undefined) return
    this.#published = cursor
    for (const client of this.#clients) client.mark(cursor)
  }

  /** Opens the stream again after the last event received: every event until then has been handed on. */
  async #reopen(reason: unknown): Promise<AsyncIterableIterator<Upstream> | null> {
    const { clock } = this.#options
    // A stream that held for a while ended for a reason of its own.
    if (clock.monotonic() - this.#openedMs > limits.subscriptionResumeDelayMsMax) this.#trouble = null
    this.#trouble ??= { sinceMs: clock.monotonic(), attempts: 0 }
    let failure = reason
    for (;;) {
      const { sinceMs, attempts } = this.#trouble
      if (clock.monotonic() - sinceMs > limits.subscriptionResumeMsMax) throw failure
      const delayMs = Math.min(limits.retryDelayMsMin * 2 ** attempts, limits.subscriptionResumeDelayMsMax)
      await clock.sleep(delayMs, this.#abort.signal)
      this.#trouble.attempts += 1
      try {
        return await this.#open()
      } catch (error) {
        if (!mayPass(error)) throw error
        failure = error
      }
    }
  }

  #finish(end: (client: EventQueue<Event>) => void): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd()
    for (const client of this.#clients) end(client)
    this.#options.onClient(-this.#clients.size)
    this.#clients.clear()
  }
}

/** Whether the same call may succeed later: by the error, or by what the subgraph said. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof MeshgateError)) return false
  if (error.code !== 'SUBGRAPH_REFUSED') return error.retryable
  return Array.isArray(error.cause) && error.cause.length > 0 && error.cause.every(isPassing)
}

/** Whether an error that a subgraph reported says that the same request may succeed later. */
export function isPassing(reported: unknown): boolean {
  const extensions = isObject(reported) ? reported['extensions'] : undefined
  if (!isObject(extensions)) return false
  if (typeof extensions['retryable'] === 'boolean') return extensions['retryable']
  const code = extensions['code']
  return (
    typeof code === 'string' &&
    Object.hasOwn(ERROR_CODES, code) &&
    ERROR_CODES[code as keyof typeof ERROR_CODES].retryable
  )
}
