// Shares upstream subscriptions: one per distinct key, however many clients; a client that resumes has its own. Owns the upstreams.
import { GraphQLError } from 'graphql'
import { limits } from '../../platform/limits.ts'
import { EventQueue, type Ending, type QueuedEvent } from './event-queue.ts'
import { joinInOrder } from './ordered-join.ts'

export interface UpstreamDefinition<Upstream, Event> {
  readonly service: string
  /** Resolves once established; the signal aborts when no client is left. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterableIterator<Upstream>>
  join(event: Upstream, signal: AbortSignal): Promise<QueuedEvent<Event>>
}

export interface SubscribeOptions {
  /** Equal keys share an upstream; null has a private one. */
  readonly key: string | null
  /** Where the client resumes. */
  readonly cursor: string | undefined
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined
  readonly eventsMax?: number
}

export class SubscriptionHub<Upstream, Event> {
  readonly #shared = new Map<string, SharedUpstream<Event>>()
  readonly #all = new Set<SharedUpstream<Event>>()
  #closed: string | null = null

  /** Resolves once the upstream is established. Rejects as `open` does. */
  async subscribe(
    definition: UpstreamDefinition<Upstream, Event>,
    options: SubscribeOptions,
  ): Promise<AsyncIterableIterator<Event>> {
    if (this.#closed !== null) throw endings.reconnect(this.#closed)(options.cursor)
    const { key } = options
    const known = key === null ? undefined : this.#shared.get(key)
    const upstream = known ?? this.#start(definition, key)
    const queue = upstream.addClient(options)
    // Who leaves while the upstream is opened must not keep it open.
    const leave = (): void => void queue.return()
    if (options.signal?.aborted === true) leave()
    else options.signal?.addEventListener('abort', leave, { once: true })
    await upstream.established
    return queue
  }

  #start(definition: UpstreamDefinition<Upstream, Event>, key: string | null): SharedUpstream<Event> {
    const upstream: SharedUpstream<Event> = new SharedUpstream(definition, () => {
      this.#all.delete(upstream)
      if (key !== null && this.#shared.get(key) === upstream) this.#shared.delete(key)
    })
    this.#all.add(upstream)
    if (key !== null) this.#shared.set(key, upstream)
    return upstream
  }

  /** Ends every stream with SUBSCRIPTION_RECONNECT, after the events that are already queued. */
  async close(reason: string): Promise<void> {
    this.#closed = reason
    await Promise.all([...this.#all].map((upstream) => upstream.close(endings.reconnect(reason))))
  }
}

/** One upstream and its clients. Ends itself when the last client leaves. */
class SharedUpstream<Event> {
  readonly established: Promise<void>
  readonly #clients = new Set<EventQueue<Event>>()
  readonly #abort = new AbortController()
  readonly #onEnd: () => void
  #events: AsyncIterableIterator<unknown> | null = null
  #ended = false

  constructor(definition: UpstreamDefinition<unknown, Event>, onEnd: () => void) {
    this.#onEnd = onEnd
    this.established = this.#open(definition)
    // Whoever subscribed awaits it; all of them may have left.
    this.established.catch(() => undefined)
  }

  addClient(options: SubscribeOptions): EventQueue<Event> {
    const queue: EventQueue<Event> = new EventQueue({
      eventsMax: options.eventsMax ?? limits.subscriptionQueueEventsMax,
      cursor: options.cursor,
      onOverflow: endings.slow,
      onReturn: () => {
        this.#clients.delete(queue)
        if (this.#clients.size === 0) void this.close(endings.lost('', null))
      },
    })
    this.#clients.add(queue)
    return queue
  }

  async close(ending: Ending): Promise<void> {
    this.#finish((client) => client.fail(ending))
    this.#abort.abort(new Error('The subscription has no clients left.'))
    await this.#events?.return?.(undefined)?.catch(() => undefined)
  }

  async #open<Upstream>(definition: UpstreamDefinition<Upstream, Event>): Promise<void> {
    const { signal } = this.#abort
    try {
      const events = await definition.open(signal)
      this.#events = events
      if (signal.aborted) {
        await events.return?.(undefined)
        return
      }
      void this.#pump(definition, events)
    } catch (error) {
      this.#finish((client) => client.complete())
      throw error
    }
  }

  async #pump<Upstream>(
    definition: UpstreamDefinition<Upstream, Event>,
    events: AsyncIterableIterator<Upstream>,
  ): Promise<void> {
    try {
      await joinInOrder<Upstream, QueuedEvent<Event>>({
        events,
        join: (event) => definition.join(event, this.#abort.signal),
        publish: (event) => {
          for (const client of this.#clients) client.push(event)
        },
        inFlightMax: limits.subscriptionJoinsInFlightMax,
      })
      this.#finish((client) => client.complete())
    } catch (error) {
      this.#finish((client) => client.fail(endings.lost(definition.service, error)))
    }
  }

  #finish(end: (client: EventQueue<Event>) => void): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    for (const client of this.#clients) end(client)
    this.#clients.clear()
  }
}

function streamError(message: string, extensions: Record<string, unknown>, cursor: string | undefined): GraphQLError {
  return new GraphQLError(message, {
    extensions: { ...extensions, ...(cursor === undefined ? {} : { meshgate: { cursor } }) },
  })
}

const endings = {
  slow: (cursor: string | undefined) =>
    streamError(
      'The client reads slower than events come. Subscribe again with the cursor.',
      { code: 'SUBSCRIPTION_SLOW' },
      cursor,
    ),
  reconnect: (reason: string) => (cursor: string | undefined) =>
    streamError(`${reason} Subscribe again.`, { code: 'SUBSCRIPTION_RECONNECT' }, cursor),
  lost: (service: string, error: unknown) => (cursor: string | undefined) => {
    const known = error instanceof GraphQLError && typeof error.extensions['code'] === 'string'
    if (known) return streamError(error.message, { ...error.extensions, service }, cursor)
    const message = `The stream from subgraph "${service}" was lost. Subscribe again${cursor === undefined ? '; events in between are not repeated' : ' with the cursor'}.`
    return streamError(message, { code: 'SUBSCRIPTION_LOST', service }, cursor)
  },
} satisfies Record<string, unknown>
