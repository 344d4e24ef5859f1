// Shares upstream subscriptions: one per distinct key, however many clients; a client that resumes has its own. Owns the upstreams.
import type { Clock } from '../../platform/ports/clock.ts'
import { SharedUpstream, type UpstreamDefinition } from './shared-upstream.ts'
import { endings } from './stream-endings.ts'

export interface SubscribeOptions {
  /** Equal keys share an upstream; null has a private one. */
  readonly key: string | null
  /** Where the client resumes. */
  readonly cursor: string | undefined
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined
  readonly eventsMax?: number
}

export interface SubscriptionHubOptions {
  readonly clock: Clock
  /** Told how many clients there are whenever that changes. */
  readonly onClients?: (active: number) => void
}

export class SubscriptionHub<Upstream, Event> {
  readonly #options: SubscriptionHubOptions
  readonly #shared = new Map<string, SharedUpstream<Upstream, Event>>()
  readonly #all = new Set<SharedUpstream<Upstream, Event>>()
  #clients = 0
  #closed: string | null = null

  constructor(options: SubscriptionHubOptions) {
    this.#options = options
  }

  /** Resolves once the upstream is established. Rejects as `open` does. */
  async subscribe(
    definition: UpstreamDefinition<Upstream, Event>,
    options: SubscribeOptions,
  ): Promise<AsyncIterableIterator<Event>> {
    if (this.#closed !== null) throw endings.reconnect(this.#closed)(options.cursor)
    const { key } = options
    const known = key === null ? undefined : this.#shared.get(key)
    const upstream = known ?? this.#start(definition, options)
    const queue = upstream.addClient(options)
    // Who leaves while the upstream is opened must not keep it open.
    const leave = (): void => void queue.return()
    if (options.signal?.aborted === true) leave()
    else options.signal?.addEventListener('abort', leave, { once: true })
    await upstream.established
    return queue
  }

  #start(
    definition: UpstreamDefinition<Upstream, Event>,
    { key, cursor }: SubscribeOptions,
  ): SharedUpstream<Upstream, Event> {
    const upstream: SharedUpstream<Upstream, Event> = new SharedUpstream(definition, {
      cursor,
      clock: this.#options.clock,
      onClient: (change) => {
        if (change === 0) return
        this.#clients += change
        this.#options.onClients?.(this.#clients)
      },
      onEnd: () => {
        this.#all.delete(upstream)
        if (key !== null && this.#shared.get(key) === upstream) this.#shared.delete(key)
      },
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
