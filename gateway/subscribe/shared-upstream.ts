// One upstream subscription and its clients. Where the subgraph gives cursors, a lost stream is opened again from the last of them, and one whose
// plan is replaced goes on by the new one: clients notice nothing but the wait. Where it gives none, or the wait is too long, they are told. Ends
// itself when the last client leaves.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { EngineRequest, EngineResult } from '../engine-contract.ts'
import { codeOf, type GatewayObserver } from '../gateway-observer.ts'
import { EventQueue, type Ending, type EventQueueOptions, type QueuedEvent } from './event-queue.ts'
import { joinInOrder } from './ordered-join.ts'
import { mayPass } from './passing-errors.ts'
import { endings } from './stream-endings.ts'
import { isBefore, StreamPosition } from './stream-position.ts'
import type { Notice } from './upstream-event.ts'

export interface UpstreamDefinition {
  /** Of its first client: what is planned again for a new supergraph. */
  readonly request: EngineRequest
  readonly service: string
  /** What its clients have in common of whoever asks. */
  readonly view: string
  /** Equal where the same is asked of the same endpoint: then the stream itself need not be opened again. */
  readonly source: string
  /** Resolves once established, after `cursor` where one is given; the signal aborts when no client is left. */
  readonly open: (signal: AbortSignal, cursor: string | undefined) => Promise<AsyncIterableIterator<SubgraphResponse>>
  readonly inspect: (event: SubgraphResponse) => Notice
  join(event: SubgraphResponse, signal: AbortSignal): Promise<QueuedEvent<EngineResult>>
  /** What clients who want to know are told of the stream itself. */
  readonly mark: (said: 'started' | 'snapshotComplete', cursor: string) => EngineResult
}

export interface ClientOptions {
  /** Where the client resumes. */
  readonly cursor: string | undefined
  /** Its first answer is where the stream begins. */
  readonly tellsStart?: boolean
  readonly conflate?: EventQueueOptions<EngineResult>['conflate']
  readonly eventsMax?: number
}

interface Client {
  readonly queue: EventQueue<EngineResult>
  /** Events before these offsets it has from another stream. */
  readonly has: readonly number[] | null
  tellsStart: boolean
}

export interface SharedUpstreamOptions {
  readonly cursor: string | undefined
  readonly clock: Clock
  readonly observer: GatewayObserver | undefined
  /** +1 and -1. */
  readonly onClient: (change: number) => void
  /** It was resumed, and has come to where new events are: its clients have all before these offsets. Called again with every event from then on. */
  readonly onHead?: (positions: readonly number[]) => void
  readonly onEnd: () => void
}

export class SharedUpstream {
  readonly established: Promise<void>
  #definition: UpstreamDefinition
  readonly #options: SharedUpstreamOptions
  readonly #clients = new Map<EventQueue<EngineResult>, Client>()
  readonly #abort = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  #events: AsyncIterableIterator<SubgraphResponse> | null = null
  #ended = false
  #hasStarted = false
  #isReplaced = false
  #isAtHead = false
  /** What it hands on has been for long, and is nobody else's: it waits for its clients. */
  #catchesUp: boolean
  #position = new StreamPosition()
  /** After the last event received. */
  #cursor: string | undefined
  /** After the last event that the clients have been given. */
  #published: string | undefined
  /** Since when it has been lost without an event in between, and how often it was tried since. */
  #trouble: { readonly sinceMs: number; attempts: number } | null = null
  #openedMs = 0

  constructor(definition: UpstreamDefinition, options: SharedUpstreamOptions) {
    this.#definition = definition
    this.#options = options
    this.#cursor = options.cursor
    this.#published = options.cursor
    this.#catchesUp = options.onHead !== undefined
    this.#started.promise.catch(() => undefined)
    this.established = this.#begin()
    // Whoever subscribed awaits it; all of them may have left.
    this.established.catch(() => undefined)
  }

  get definition(): UpstreamDefinition {
    return this.#definition
  }

  /** Resolves when the subgraph has said where the stream begins; rejects where it ends before. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** Whether who stands at the cursor has what the clients have. */
  isAt(cursor: string): boolean {
    return this.#published === cursor && !this.#ended
  }

  /** Whether who has everything before these offsets misses nothing here. */
  isWithin(positions: readonly number[]): boolean {
    return !this.#ended && this.#position.isWithin(positions)
  }

  addClient(options: ClientOptions): EventQueue<EngineResult> {
    const { conflate, tellsStart = false } = options
    const { observer } = this.#options
    const queue: EventQueue<EngineResult> = new EventQueue({
      eventsMax: options.eventsMax ?? limits.subscriptionQueueEventsMax,
      cursor: options.cursor ?? this.#published,
      onOverflow: endings.slow,
      onReturn: () => this.#leave(queue),
      onFailure: (error) => observer?.streamEnded?.(codeOf(error)),
      conflate:
        conflate === undefined
          ? undefined
          : (event, replaced) => {
              observer?.conflated?.(replaced)
              return conflate(event, replaced)
            },
    })
    const client = { queue, has: null, tellsStart }
    this.#clients.set(queue, client)
    this.#options.onClient(1)
    // Who comes with a cursor is only let in here where the others stand.
    if (this.#hasStarted && this.#published !== undefined) this.#tellStart(client, this.#published)
    return queue
  }

  /** Clients of another upstream, which have everything before the offsets, are fed by this one from now on. */
  adopt(from: SharedUpstream, positions: readonly number[]): void {
    const moving = [...from.#clients.values()]
    from.#clients.clear()
    from.#options.onClient(-moving.length)
    this.#options.onClient(moving.length)
    for (const { queue, tellsStart } of moving) {
      queue.onReturn = () => this.#leave(queue)
      this.#clients.set(queue, { queue, has: positions, tellsStart })
    }
    void from.close(endings.lost('', null))
  }

  /** It is what others join from now on: its clients have everything before these offsets. */
  lead(positions: readonly number[]): void {
    this.#position = new StreamPosition(positions)
    this.#isAtHead = false
  }

  /** Goes on by another plan of the same operation. A stream without cursors whose source is another ends. */
  async replace(definition: UpstreamDefinition): Promise<void> {
    const isSame = definition.source === this.#definition.source
    this.#definition = definition
    if (isSame || this.#ended) return
    if (this.#cursor === undefined && this.#events !== null) {
      return this.close(
        endings.unsupported(definition.service, 'A new supergraph asks another subgraph, or otherwise.'),
      )
    }
    this.#isReplaced = true
    await this.#events?.return?.(undefined)?.catch(() => undefined)
  }

  /** `later` ends a client when it thinks fit; until then it has no more events. */
  async close(ending: Ending, later = (end: () => void): void => end()): Promise<void> {
    this.#finish((client) => later(() => client.fail(ending)))
    this.#abort.abort(new Error('The subscription has no clients left.'))
    await this.#events?.return?.(undefined)?.catch(() => undefined)
  }

  #leave(queue: EventQueue<EngineResult>): void {
    if (this.#clients.delete(queue)) this.#options.onClient(-1)
    if (this.#clients.size === 0) void this.close(endings.lost('', null))
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
  async #open(): Promise<AsyncIterableIterator<SubgraphResponse> | null> {
    const { signal } = this.#abort
    for (;;) {
      const definition = this.#definition
      const events = await definition.open(signal, this.#cursor)
      this.#events = events
      this.#openedMs = this.#options.clock.monotonic()
      // Replaced meanwhile: what was opened is not what is wanted any more.
      if (!signal.aborted && definition.source === this.#definition.source) {
        this.#isReplaced = false
        return events
      }
      await events.return?.(undefined)
      if (signal.aborted) return null
    }
  }

  async #run(first: AsyncIterableIterator<SubgraphResponse>): Promise<void> {
    let events: AsyncIterableIterator<SubgraphResponse> | null = first
    try {
      while (events !== null) {
        const interruption = await this.#pump(events)
        if (this.#isReplaced) events = await this.#goOn()
        else if (interruption === null) return this.#finish((client) => client.complete())
        else events = await this.#reopen(interruption)
      }
    } catch (error) {
      this.#finish((client) => client.fail(endings.lost(this.#definition.service, error)))
    }
  }

  /** Hands events on until the stream ends. Why it may be opened again; null where it has completed. */
  async #pump(events: AsyncIterableIterator<SubgraphResponse>): Promise<unknown> {
    let interruption: unknown = null
    const received = async function* (this: SharedUpstream): AsyncGenerator<Received> {
      for await (const event of events) {
        const notice = this.#definition.inspect(event)
        this.#cursor = notice.cursor ?? this.#cursor
        if (notice.kind === 'interrupted') {
          interruption = notice.failure
          return
        }
        if (notice.kind === 'event') this.#trouble = null
        yield { event, notice }
      }
    }
    try {
      await joinInOrder<Received, QueuedEvent<EngineResult> | Notice>({
        events: received.call(this),
        join: async ({ event, notice }) =>
          notice.kind === 'event' ? this.#definition.join(event, this.#abort.signal) : notice,
        publish: (joined) => ('event' in joined ? this.#publish(joined) : this.#publishNotice(joined)),
        inFlightMax: limits.subscriptionJoinsInFlightMax,
      })
      return interruption
    } catch (error) {
      if (this.#ended || this.#cursor === undefined || !mayPass(error)) throw error
      return error
    }
  }

  #publish(event: QueuedEvent<EngineResult>): Promise<void> | undefined {
    const { at, cursor, positions } = event
    this.#published = cursor ?? this.#published
    if (at !== undefined) this.#position.handOn(at)
    for (const { queue, has } of this.#clients.values()) {
      if (has === null || at === undefined || !isBefore(at, has)) queue.push(event)
    }
    this.#options.observer?.events?.(this.#clients.size)
    if (this.#isAtHead && positions !== undefined) this.#options.onHead?.(positions)
    return this.#catchesUp ? this.#room() : undefined
  }

  #room(): Promise<void> | undefined {
    const full = [...this.#clients.keys()].filter((queue) => !queue.hasRoom)
    return full.length === 0 ? undefined : Promise.all(full.map((queue) => queue.room())).then(() => undefined)
  }

  #publishNotice(notice: Notice): undefined {
    if (notice.kind === 'event' || notice.kind === 'interrupted') return
    const { kind, cursor } = notice
    const isFirst = this.#published === undefined
    this.#published = cursor
    if (kind === 'started') {
      if (notice.positions !== undefined) this.#position.begin(notice.positions)
      this.#hasStarted = true
      this.#started.resolve()
      for (const client of this.#clients.values()) {
        if (isFirst) client.queue.mark(cursor)
        this.#tellStart(client, cursor)
      }
    } else if (kind === 'snapshotComplete') {
      const event = this.#definition.mark(kind, cursor)
      for (const queue of this.#clients.keys()) queue.push({ event, cursor })
    } else {
      this.#isAtHead = true
      this.#catchesUp = false
      this.#options.onHead?.(notice.positions)
    }
  }

  #tellStart(client: Client, cursor: string): void {
    if (client.tellsStart) client.queue.push({ event: this.#definition.mark('started', cursor), cursor })
    client.tellsStart = false
  }

  /** At once, by the definition of now. */
  async #goOn(): Promise<AsyncIterableIterator<SubgraphResponse> | null> {
    try {
      return await this.#open()
    } catch (error) {
      if (!mayPass(error)) throw error
      return this.#reopen(error)
    }
  }

  /** Opens the stream again after the last event received: every event until then has been handed on. */
  async #reopen(reason: unknown): Promise<AsyncIterableIterator<SubgraphResponse> | null> {
    const { clock } = this.#options
    // A stream that held for a while ended for a reason of its own.
    if (clock.monotonic() - this.#openedMs > limits.subscriptionResumeDelayMsMax) this.#trouble = null
    this.#options.observer?.upstreamLost?.(this.#definition.service)
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

  #finish(end: (client: EventQueue<EngineResult>) => void): void {
    if (this.#ended) return
    this.#ended = true
    this.#started.reject(new Error('The stream has ended.'))
    this.#options.onEnd()
    for (const client of this.#clients.keys()) end(client)
    this.#options.onClient(-this.#clients.size)
    this.#clients.clear()
  }
}

interface Received {
  readonly event: SubgraphResponse
  readonly notice: Notice
}
