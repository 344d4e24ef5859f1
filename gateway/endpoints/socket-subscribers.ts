// The WebSockets of one subgraph: one for all subscriptions whose forwarded headers are equal, since they go with the handshake. Owns them.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { SocketSubscriber, type SocketOptions } from './socket-subscriber.ts'

export interface SocketSubscribersOptions extends Omit<SocketOptions, 'headers' | 'onClosed'> {
  readonly socketsMax?: number
}

export class SocketSubscribers {
  readonly #name: string
  readonly #options: SocketSubscribersOptions
  readonly #socketsMax: number
  readonly #subscribers = new Map<string, SocketSubscriber>()

  constructor(name: string, options: SocketSubscribersOptions) {
    this.#name = name
    this.#options = options
    this.#socketsMax = options.socketsMax ?? limits.subgraphSocketsMax
  }

  /** Sockets that are open, or about to be. */
  get size(): number {
    return this.#subscribers.size
  }

  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    const { entries, key } = forwardedHeaders(request.headers)
    const subscriber = this.#subscribers.get(key) ?? this.#open(key, Object.fromEntries(entries))
    return subscriber.subscribe(request)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscribers.values()].map((subscriber) => subscriber.close()))
  }

  #open(key: string, headers: Readonly<Record<string, string>>): SocketSubscriber {
    if (this.#subscribers.size >= this.#socketsMax) {
      const message = `Subgraph "${this.#name}" has ${this.#socketsMax} WebSockets already, one per set of forwarded headers. Forward fewer headers, or retry.`
      throw new MeshgateError('SUBGRAPH_UNAVAILABLE', message)
    }
    const onClosed = (): void => void this.#subscribers.delete(key)
    const subscriber = new SocketSubscriber(this.#name, { ...this.#options, headers, onClosed })
    this.#subscribers.set(key, subscriber)
    return subscriber
  }
}
