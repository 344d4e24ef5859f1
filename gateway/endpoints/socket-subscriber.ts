// Subscriptions of one subgraph over one shared WebSocket, opened with the first and closed soon after the last. A lost socket fails
// its streams and nothing is resumed behind their backs; the next subscription opens another. Owns the socket.
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { EventQueue } from '../subscribe/event-queue.ts'

const LAZY_CLOSE_MS = 1_000
const KEEP_ALIVE_MS = 10_000

export class SocketSubscriber {
  readonly #name: string
  readonly #client: Client
  #socket = Promise.withResolvers<WebSocket>()
  #pings = 0

  constructor(name: string, url: string) {
    this.#name = name
    this.#client = createClient({
      url,
      webSocketImpl: WebSocket,
      lazyCloseTimeout: LAZY_CLOSE_MS,
      keepAlive: KEEP_ALIVE_MS,
      // Retrying would hide that events were lost.
      retryAttempts: 0,
      on: {
        connected: (socket) => {
          if (socket instanceof WebSocket) this.#socket.resolve(socket)
        },
        closed: () => {
          this.#socket = Promise.withResolvers()
        },
      },
    })
  }

  /**
   * graphql-transport-ws does not confirm a subscription. It counts as established once the subgraph has answered a ping sent behind it
   * on the same socket: it has read the subscription then, though it may still be opening its source.
   */
  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    const { query, variables, operationName, extensions, signal } = request
    signal?.throwIfAborted()
    const ended = Promise.withResolvers<void>()
    ended.promise.catch(() => undefined)
    const stop = { now: (): void => undefined }
    const events = new EventQueue<SubgraphResponse>({
      eventsMax: limits.subgraphEventsQueuedMax,
      cursor: undefined,
      onOverflow: () => this.#failure('sends events faster than the gateway joins them', undefined),
      onReturn: () => stop.now(),
    })
    stop.now = this.#client.subscribe<Record<string, unknown>, Record<string, unknown>>(
      {
        query,
        variables: { ...variables },
        ...(operationName === undefined ? {} : { operationName }),
        ...(extensions === undefined ? {} : { extensions: { ...extensions } }),
      },
      {
        next: (response) => events.push({ event: response as SubgraphResponse, cursor: undefined }),
        error: (error) => {
          const failure = this.#toFailure(error)
          ended.reject(failure)
          events.fail(() => failure)
        },
        complete: () => {
          ended.resolve()
          events.complete()
        },
      },
    )
    signal?.addEventListener('abort', () => void events.return(), { once: true })
    await Promise.race([ended.promise, this.#confirmed()])
    signal?.throwIfAborted()
    return events
  }

  async close(): Promise<void> {
    await this.#client.dispose()
  }

  async #confirmed(): Promise<void> {
    const socket = await this.#socket.promise
    // The client sends the subscription some microtasks after the socket is there.
    await new Promise((resolve) => setImmediate(resolve))
    const token = String(++this.#pings)
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        socket.off('pong', onPong)
        socket.off('close', onClose)
      }
      const onPong = (data: Buffer): void => {
        if (data.toString() !== token) return
        settle()
        resolve()
      }
      const onClose = (): void => {
        settle()
        reject(this.#failure('closed the WebSocket', undefined))
      }
      socket.on('pong', onPong)
      socket.on('close', onClose)
      if (socket.readyState === socket.OPEN) socket.ping(token)
      else onClose()
    })
  }

  #toFailure(error: unknown): MeshgateError {
    if (Array.isArray(error)) {
      return new MeshgateError('SUBGRAPH_REFUSED', `Subgraph "${this.#name}" refused the subscription.`, error)
    }
    return this.#failure('has lost or refused the WebSocket', error)
  }

  #failure(what: string, cause: unknown): MeshgateError {
    return new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${this.#name}" ${what}.`, cause)
  }
}
