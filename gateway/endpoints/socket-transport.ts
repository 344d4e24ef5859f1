// Requests to a subgraph over HTTP/1.1 without TLS, on kept connections of our own. Owns them and the requests that wait for one.
import { performance } from 'node:perf_hooks'
import { limits } from '../../platform/limits.ts'
import {
  ACCEPT,
  CONTENT_TYPE,
  type AnswerListener,
  type Exchange,
  type ForwardedHeaders,
  type HttpAnswer,
  type HttpRequest,
  type HttpTransport,
  type TransportFailure,
} from './http-transport.ts'
import { SocketConnection, type ConnectionOwner, type ConnectionTarget } from './socket-connection.ts'

export interface SocketTransportOptions {
  /** http: only. */
  readonly url: URL
  readonly connectionsMax: number
  readonly responseBytesMax: number
}

const ASCII = /^[\0-\u007f]*$/

export class SocketTransport implements HttpTransport, ConnectionOwner {
  readonly #target: ConnectionTarget
  readonly #connectionsMax: number
  /** Of every request, up to the value of content-length. */
  readonly #headStart: string
  readonly #heads = new WeakMap<ForwardedHeaders, { readonly text: string; readonly isAscii: boolean }>()
  readonly #connections = new Set<SocketConnection>()
  /** The one used last on top: those beneath are let go when they have had nothing to do for long. */
  readonly #idle: SocketConnection[] = []
  readonly #busy = new Map<SocketConnection, SocketExchange>()
  readonly #waiting = new Set<SocketExchange>()
  #sweep: NodeJS.Timeout | null = null
  #closed = false

  constructor({ url, connectionsMax, responseBytesMax }: SocketTransportOptions) {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    this.#target = { host, port: url.port === '' ? 80 : Number(url.port), responseBytesMax }
    this.#connectionsMax = connectionsMax
    this.#headStart = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: ${CONTENT_TYPE}\r\naccept: ${ACCEPT}\r\n`
  }

  send(request: HttpRequest, listener: AnswerListener): Exchange {
    const exchange = new SocketExchange(request, listener, this)
    if (this.#closed) {
      queueMicrotask(() => exchange.fail({ kind: 'closed', cause: undefined }))
      return exchange
    }
    const connection = this.#connectionFor(request)
    if (connection === null) this.#waiting.add(exchange)
    else this.#start(exchange, connection)
    return exchange
  }

  /** Its connection is in the middle of an answer that nobody wants: it cannot be used again. */
  drop(exchange: SocketExchange): void {
    if (this.#waiting.delete(exchange)) return
    exchange.connection?.destroy()
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#sweep !== null) clearInterval(this.#sweep)
    const pending = [...this.#waiting, ...this.#busy.values()]
    this.#waiting.clear()
    for (const connection of this.#connections) connection.destroy()
    for (const exchange of pending) exchange.fail({ kind: 'closed', cause: undefined })
    await Promise.resolve()
  }

  onAnswered(connection: SocketConnection, answer: HttpAnswer): void {
    const exchange = this.#busy.get(connection)
    this.#busy.delete(connection)
    if (connection.isUsable) this.#free(connection)
    exchange?.answer(answer)
  }

  onFailed(connection: SocketConnection, failure: TransportFailure): void {
    const exchange = this.#busy.get(connection)
    this.#busy.delete(connection)
    exchange?.fail(failure)
  }

  onGone(connection: SocketConnection): void {
    this.#connections.delete(connection)
    this.#busy.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    const next = this.#closed ? undefined : first(this.#waiting)
    if (next === undefined || this.#connections.size >= this.#connectionsMax) return
    this.#waiting.delete(next)
    this.#start(next, this.#open())
  }

  #connectionFor(request: HttpRequest): SocketConnection | null {
    if (!request.isRepeated) {
      const idle = this.#takeIdle(request.mayRepeat ? Number.POSITIVE_INFINITY : limits.subgraphMutationIdleMsMax)
      if (idle !== null) return idle
    }
    if (this.#connections.size < this.#connectionsMax) return this.#open()
    // Full: an idle one that must not be used makes room.
    const stale = this.#idle[0]
    if (stale === undefined) return null
    stale.destroy()
    return this.#open()
  }

  #takeIdle(idleMsMax: number): SocketConnection | null {
    const nowMs = performance.now()
    for (;;) {
      const top = this.#idle.at(-1)
      if (top === undefined) return null
      const idleMs = nowMs - top.idleSinceMs
      if (idleMs < Math.min(idleMsMax, keptMs(top))) {
        this.#idle.pop()
        return top
      }
      // Those beneath have been idle for longer.
      if (idleMs >= idleMsMax) return null
      top.destroy()
    }
  }

  #open(): SocketConnection {
    const connection = new SocketConnection(this.#target, this)
    this.#connections.add(connection)
    return connection
  }

  #start(exchange: SocketExchange, connection: SocketConnection): void {
    exchange.connection = connection
    this.#busy.set(connection, exchange)
    const { body, forwarded } = exchange.request
    const head = this.#headOf(forwarded)
    connection.send(`${head.text}content-length: ${Buffer.byteLength(body)}\r\n\r\n`, head.isAscii, body)
  }

  #free(connection: SocketConnection): void {
    const next = first(this.#waiting)
    if (next !== undefined) {
      this.#waiting.delete(next)
      this.#start(next, connection)
      return
    }
    connection.idleSinceMs = performance.now()
    this.#idle.push(connection)
    this.#sweep ??= setInterval(() => this.#sweepIdle(), limits.subgraphConnectionIdleMarginMs).unref()
  }

  #sweepIdle(): void {
    const nowMs = performance.now()
    for (const connection of this.#idle.slice()) {
      if (nowMs - connection.idleSinceMs >= keptMs(connection)) connection.destroy()
    }
    if (this.#idle.length > 0 || this.#sweep === null) return
    clearInterval(this.#sweep)
    this.#sweep = null
  }

  #headOf(forwarded: ForwardedHeaders): { readonly text: string; readonly isAscii: boolean } {
    const known = this.#heads.get(forwarded)
    if (known !== undefined) return known
    const text = this.#headStart + forwarded.entries.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const head = { text, isAscii: ASCII.test(text) }
    this.#heads.set(forwarded, head)
    return head
  }
}

/** A request and who waits for its answer. */
class SocketExchange implements Exchange {
  readonly request: HttpRequest
  connection: SocketConnection | null = null
  readonly #transport: SocketTransport
  #listener: AnswerListener | null

  constructor(request: HttpRequest, listener: AnswerListener, transport: SocketTransport) {
    this.request = request
    this.#listener = listener
    this.#transport = transport
  }

  abandon(): void {
    if (this.#listener === null) return
    this.#listener = null
    this.#transport.drop(this)
  }

  answer(answer: HttpAnswer): void {
    const listener = this.#listener
    this.#listener = null
    listener?.onAnswer(answer)
  }

  fail(failure: TransportFailure): void {
    const listener = this.#listener
    this.#listener = null
    listener?.onFailure(failure)
  }
}

function keptMs(connection: SocketConnection): number {
  const { keepAliveMs } = connection
  if (keepAliveMs === null) return limits.subgraphConnectionIdleMs
  const saidMs = Math.min(keepAliveMs, limits.subgraphConnectionIdleMsMax)
  return saidMs - limits.subgraphConnectionIdleMarginMs
}

function first<Item>(items: ReadonlySet<Item>): Item | undefined {
  return items.values().next().value
}
