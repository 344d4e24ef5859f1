// Subscriptions of one subgraph over one shared WebSocket, opened with the first and closed soon after the last. A lost socket fails
// its streams and nothing is resumed behind their backs; the next subscription opens another. Owns the socket.
import { getCACertificates } from 'node:tls'
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { isObject, type DataObject } from '../execute/plain-object.ts'
import { EventQueue } from '../subscribe/event-queue.ts'
import { AssertionRenewals, type Assert } from './assertion-renewals.ts'
import { assertedExtensions } from './asserted-request.ts'
import { refusalIn } from './check-answer.ts'

const LAZY_CLOSE_MS = 1_000
const KEEP_ALIVE_MS = 10_000

export interface SocketOptions {
  readonly url: string
  /** Of the handshake; servers that read them from connection_init find them there too. */
  readonly headers: Readonly<Record<string, string>>
  readonly authorities: readonly string[] | undefined
  /** From the subscription to its confirmation. */
  readonly timeoutMs: number
  /** What the subgraph is told of who asks, with each subscription and again in time. Absent: nothing. */
  readonly assert?: Assert | undefined
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /** No socket is open and no subscription runs or waits for one. */
  readonly onClosed: () => void
}

export class SocketSubscriber {
  readonly #name: string
  readonly #place: string
  readonly #client: Client
  readonly #timeoutMs: number
  readonly #onClosed: () => void
  readonly #renewals: AssertionRenewals | null
  #socket = Promise.withResolvers<WebSocket>()
  #open: WebSocket | null = null
  /** Why the socket could not be opened: the close that follows does not say it. */
  #handshakeError: string | null = null
  #unanswered: NodeJS.Timeout | undefined
  #active = 0
  #pings = 0

  constructor(name: string, options: SocketOptions) {
    this.#name = name
    this.#place = options.url.replace(/[?#].*$/, '')
    this.#timeoutMs = options.timeoutMs
    this.#onClosed = options.onClosed
    const { assert, clock = systemClock } = options
    this.#renewals = assert === undefined ? null : new AssertionRenewals(assert, clock, (said) => this.#renew(said))
    this.#client = createClient({
      url: options.url,
      webSocketImpl: socketClass(options),
      ...(Object.keys(options.headers).length === 0 ? {} : { connectionParams: { ...options.headers } }),
      lazyCloseTimeout: LAZY_CLOSE_MS,
      keepAlive: KEEP_ALIVE_MS,
      connectionAckWaitTimeout: options.timeoutMs,
      // Retrying would hide that events were lost.
      retryAttempts: 0,
      on: {
        connecting: () => (this.#handshakeError = null),
        error: (error) => {
          if (this.#open === null) this.#handshakeError = describeEvent(error)
        },
        connected: (socket) => {
          if (!(socket instanceof WebSocket)) return
          this.#open = socket
          // Each subscription listens until it is confirmed: many are when a subgraph is back, and Node would take them for forgotten ones.
          socket.setMaxListeners(0)
          this.#socket.resolve(socket)
        },
        closed: () => {
          clearTimeout(this.#unanswered)
          this.#open = null
          this.#socket = Promise.withResolvers()
          this.#tellClosed()
        },
        ping: (received) => {
          if (!received) this.#awaitPong()
        },
        pong: (received) => {
          if (received) clearTimeout(this.#unanswered)
        },
      },
    })
  }

  /**
   * graphql-transport-ws does not confirm a subscription. It counts as established once the subgraph has answered a ping sent behind it
   * on the same socket: it has read the subscription then, though it may still be opening its source.
   */
  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    const { query, variables, operationName, signal } = request
    signal?.throwIfAborted()
    const kept = this.#renewals?.keep(request.principal) ?? null
    const extensions = kept === null ? request.extensions : assertedExtensions(request, kept.assertion)
    const ended = Promise.withResolvers<void>()
    this.#active += 1
    const left = (): void => {
      this.#active -= 1
      kept?.release()
      this.#tellClosed()
    }
    ended.promise.then(left, left)
    const stop = { now: (): void => undefined }
    const events = new EventQueue<SubgraphResponse>({
      eventsMax: limits.subgraphEventsQueuedMax,
      cursor: undefined,
      onOverflow: () => this.#failure('sends events faster than the gateway joins them', undefined),
      onReturn: () => {
        stop.now()
        ended.resolve()
      },
    })
    const fail = (error: unknown): void => {
      const failure = this.#toFailure(error)
      ended.reject(failure)
      events.fail(() => failure)
    }
    let isFirst = true
    stop.now = this.#client.subscribe<Record<string, unknown>, Record<string, unknown>>(
      {
        query,
        variables: { ...variables },
        ...(operationName === undefined ? {} : { operationName }),
        ...(extensions === undefined ? {} : { extensions: { ...extensions } }),
      },
      {
        next: (response) => {
          const refusal = isFirst ? refusalIn(response) : null
          isFirst = false
          if (refusal === null) events.push({ event: response as SubgraphResponse, cursor: undefined })
          else fail(refusal)
        },
        error: fail,
        complete: () => {
          ended.resolve()
          events.complete()
        },
      },
    )
    signal?.addEventListener('abort', () => void events.return(), { once: true })
    const late = AbortSignal.timeout(this.#timeoutMs)
    const onLate = (): void => {
      const message = `Subgraph "${this.#name}" did not confirm a subscription in time.`
      ended.reject(new MeshgateError('SUBGRAPH_TIMEOUT', message))
      void events.return()
    }
    late.addEventListener('abort', onLate)
    await Promise.race([ended.promise, this.#confirmed()]).finally(() => late.removeEventListener('abort', onLate))
    signal?.throwIfAborted()
    return events
  }

  async close(): Promise<void> {
    await this.#client.dispose()
  }

  #tellClosed(): void {
    if (this.#active === 0 && this.#open === null) this.#onClosed()
  }

  /** A peer that is gone without a word would else be waited for until TCP gives it up. */
  #awaitPong(): void {
    clearTimeout(this.#unanswered)
    const socket = this.#open
    this.#unanswered = setTimeout(() => socket?.terminate(), KEEP_ALIVE_MS).unref()
  }

  /** A ping of the protocol with a payload: servers that know nothing of it answer it like any other. */
  #renew(assertion: string): void {
    this.#open?.send(JSON.stringify({ type: 'ping', payload: { meshgate: { assertion } } }))
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
    if (this.#handshakeError === null) return this.#failure(`has closed the WebSocket${closeReason(error)}`, error)
    const elsewhere = 'Name the place of its subscriptions (--subgraph-subscription-url) or take them as --subgraph-sse'
    return this.#failure(`has no WebSocket at ${this.#place} (${this.#handshakeError}). ${elsewhere}`, error)
  }

  #failure(what: string, cause: unknown): MeshgateError {
    return new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${this.#name}" ${what}.`, cause)
  }
}

function describeEvent(event: unknown): string {
  const { message, error }: DataObject = isObject(event) ? event : {}
  if (typeof message === 'string' && message !== '') return message
  // Several addresses were tried: such an error has a code and no message.
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'the handshake failed'
}

/** 1005 and 1006 say that the peer said nothing. */
function closeReason(event: unknown): string {
  const { code, reason }: DataObject = isObject(event) ? event : {}
  if (typeof code !== 'number' || code === 1005 || code === 1006) return ''
  return ` (${code}${typeof reason === 'string' && reason !== '' ? ` ${reason}` : ''})`
}

/** What graphql-ws opens: it has no place for headers and TLS of its own. */
function socketClass({ headers, authorities, timeoutMs }: SocketOptions): unknown {
  const ca = authorities === undefined ? {} : { ca: [...getCACertificates(), ...authorities] }
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, {
        headers: { ...headers },
        handshakeTimeout: timeoutMs,
        maxPayload: limits.subgraphEventBytesMax,
        ...ca,
      })
    }
  }
}
