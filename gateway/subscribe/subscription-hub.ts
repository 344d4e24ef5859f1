// Shares upstream subscriptions: one per distinct key, however many clients. A client that resumes, or begins with what is there, has one of its own
// until that has come to where the shared one is, and is fed by the shared one from then on. Owns the upstreams; they outlive the supergraph that
// they were planned on.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EngineResult } from '../engine-contract.ts'
import type { GatewayObserver } from '../gateway-observer.ts'
import type { Ending, EventQueue } from './event-queue.ts'
import { SharedUpstream, type ClientOptions, type UpstreamDefinition } from './shared-upstream.ts'
import { spreadEndings } from './spread-endings.ts'
import { endings } from './stream-endings.ts'

export interface SubscribeOptions extends ClientOptions {
  /** Equal keys share an upstream. */
  readonly key: string
  /** The rows that are there come first: nobody else's stream has them. */
  readonly snapshot?: boolean
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined
  /** The stream ends then with TOKEN_EXPIRED. */
  readonly expiresAtMs?: number | undefined
}

export interface SubscriptionHubOptions {
  readonly clock: Clock
  readonly observer?: GatewayObserver | undefined
}

/** How a subscription goes on after a new supergraph, or why it cannot. */
export type Replanned = { readonly definition: UpstreamDefinition; readonly key: string } | { readonly ending: Ending }

interface Running {
  readonly upstream: SharedUpstream
  key: string
}

export class SubscriptionHub {
  readonly #options: SubscriptionHubOptions
  readonly #shared = new Map<string, SharedUpstream>()
  /** Resumed, and nothing handed on yet: by key and cursor. */
  readonly #catchingUp = new Map<string, SharedUpstream>()
  readonly #all = new Map<SharedUpstream, Running>()
  #clients = 0
  #closed: string | null = null

  constructor(options: SubscriptionHubOptions) {
    this.#options = options
  }

  /** Resolves once the upstream is established. Rejects as `open` does, with RESUME_UNSUPPORTED where the subgraph cannot go on from a cursor. */
  async subscribe(definition: UpstreamDefinition, options: SubscribeOptions): Promise<EventQueue<EngineResult>> {
    if (this.#closed !== null) throw endings.reconnect(this.#closed)(options.cursor)
    const { upstream, isResumed } = this.#upstreamFor(definition, options)
    const queue = upstream.addClient(options)
    if (options.expiresAtMs !== undefined) queue.endAt(this.#options.clock, options.expiresAtMs, endings.expired)
    // Who leaves while the upstream is opened must not keep it open.
    const leave = (): void => void queue.return()
    if (options.signal?.aborted === true) leave()
    else options.signal?.addEventListener('abort', leave, { once: true })
    await upstream.established
    if (isResumed && options.signal?.aborted !== true) await this.#confirmed(upstream, definition.service)
    return queue
  }

  /** Asks of each stream how it goes on. Resolves when all do, or have ended. */
  async replan(replanned: (definition: UpstreamDefinition) => Promise<Replanned>): Promise<void> {
    await Promise.all(
      [...this.#all.values()].map(async (running) => {
        const { upstream } = running
        const next = await replanned(upstream.definition)
        if (!this.#all.has(upstream)) return
        if ('ending' in next) return upstream.close(next.ending)
        if (this.#shared.get(running.key) === upstream) {
          this.#shared.delete(running.key)
          if (!this.#shared.has(next.key)) this.#shared.set(next.key, upstream)
        }
        running.key = next.key
        await upstream.replace(next.definition)
      }),
    )
  }

  /** Ends every stream with SUBSCRIPTION_RECONNECT, after the events that are already queued; many spread over a short time. */
  async close(reason: string): Promise<void> {
    this.#closed = reason
    const { later, done } = spreadEndings(this.#clients, this.#options.clock)
    await Promise.all([...this.#all.keys()].map((upstream) => upstream.close(endings.reconnect(reason), later)))
    await done()
  }

  #upstreamFor(
    definition: UpstreamDefinition,
    { key, cursor, snapshot = false }: SubscribeOptions,
  ): { readonly upstream: SharedUpstream; readonly isResumed: boolean } {
    const shared = this.#shared.get(key)
    if (cursor === undefined && !snapshot) {
      const upstream = shared ?? this.#start(definition, { key, cursor, isShared: true })
      if (shared === undefined) this.#shared.set(key, upstream)
      return { upstream, isResumed: false }
    }
    if (cursor === undefined) {
      return { upstream: this.#start(definition, { key, cursor, isShared: false }), isResumed: true }
    }
    if (shared?.isAt(cursor) === true) return { upstream: shared, isResumed: false }
    const name = `${key}\n${cursor}`
    const known = this.#catchingUp.get(name)
    if (known?.isAt(cursor) === true) return { upstream: known, isResumed: true }
    const upstream = this.#start(definition, { key, cursor, isShared: false })
    this.#catchingUp.set(name, upstream)
    return { upstream, isResumed: true }
  }

  #start(
    definition: UpstreamDefinition,
    {
      key,
      cursor,
      isShared,
    }: { readonly key: string; readonly cursor: string | undefined; readonly isShared: boolean },
  ): SharedUpstream {
    const { clock, observer } = this.#options
    const upstream: SharedUpstream = new SharedUpstream(definition, {
      cursor,
      clock,
      onClient: (change) => {
        if (change === 0) return
        this.#clients += change
        observer?.subscriptions?.(this.#clients)
      },
      observer,
      ...(isShared ? {} : { onHead: (positions) => this.#merge(upstream, positions) }),
      onEnd: () => {
        const { key: last = key } = this.#all.get(upstream) ?? {}
        this.#all.delete(upstream)
        observer?.upstreams?.(this.#all.size)
        if (this.#shared.get(last) === upstream) this.#shared.delete(last)
        const name = `${key}\n${cursor ?? ''}`
        if (this.#catchingUp.get(name) === upstream) this.#catchingUp.delete(name)
      },
    })
    this.#all.set(upstream, { upstream, key })
    observer?.upstreams?.(this.#all.size)
    return upstream
  }

  /** Its clients go over to the one that others share; where there is none, it becomes that. */
  #merge(upstream: SharedUpstream, positions: readonly number[]): void {
    const running = this.#all.get(upstream)
    if (running === undefined) return
    const shared = this.#shared.get(running.key)
    if (shared === undefined) {
      this.#shared.set(running.key, upstream)
      upstream.lead(positions)
    } else if (shared !== upstream && shared.isWithin(positions)) shared.adopt(upstream, positions)
  }

  /** A subgraph that knows cursors says at once where the stream begins; others would go on from now, and nobody would notice what is missing. */
  async #confirmed(upstream: SharedUpstream, service: string): Promise<void> {
    const over = new AbortController()
    const patience = this.#options.clock.sleep(limits.subscriptionConfirmMs, over.signal).then(
      () => 'silent' as const,
      () => 'over' as const,
    )
    const confirmed = upstream.started.then(
      () => 'started' as const,
      // The queue has the reason.
      () => 'over' as const,
    )
    const first = await Promise.race([confirmed, patience])
    over.abort()
    if (first !== 'silent') return
    const ending = endings.unsupported(service, 'The subgraph has not said where its stream begins.')
    await upstream.close(ending)
    throw ending()
  }
}
