// Requests to a subgraph through undici: HTTP/2 (by ALPN, or by prior knowledge without TLS) and HTTP/1.1 over TLS. Owns its connections.
import { getCACertificates } from 'node:tls'
import type { Dispatcher, Pool } from 'undici'
import { limits } from '../../platform/limits.ts'
import { BodyCollector } from './body-collector.ts'
import {
  ACCEPT,
  answerOf,
  CONTENT_TYPE,
  WHOLE_HEADER,
  type AnswerHead,
  type AnswerListener,
  type Exchange,
  type HttpRequest,
  type HttpTransport,
  type TransportFailure,
} from './http-transport.ts'
import { loadUndici } from './load-undici.ts'

export interface UndiciTransportOptions {
  readonly url: URL
  readonly connectionsMax: number
  readonly timeoutMs: number
  readonly http2: boolean
  /** Certificates of authorities to trust beside the known ones, as PEM. */
  readonly authorities: readonly string[] | undefined
  readonly responseBytesMax: number
}

/** Authorities of our own stand beside those that the runtime trusts, so the connector gets both. */
export function openPool(options: Omit<UndiciTransportOptions, 'responseBytesMax'>): Pool {
  const { url, connectionsMax, timeoutMs, http2, authorities } = options
  const isPlain = url.protocol === 'http:'
  const { Pool } = loadUndici()
  return new Pool(url.origin, {
    // Of HTTP/2 another is opened only when the streams of all are taken.
    connections: connectionsMax,
    allowH2: http2,
    ...(http2 ? { useH2c: isPlain, pipelining: limits.subgraphStreamsPerSessionMax } : {}),
    connect: {
      timeout: timeoutMs,
      ...(authorities === undefined ? {} : { ca: [...getCACertificates(), ...authorities] }),
    },
    // Every request has a deadline of its own, which ends all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: limits.subgraphHeadBytesMax,
  })
}

export class UndiciTransport implements HttpTransport {
  readonly #pool: Pool
  readonly #path: string
  readonly #responseBytesMax: number
  #closed = false

  constructor(options: UndiciTransportOptions) {
    this.#pool = openPool(options)
    this.#path = options.url.pathname + options.url.search
    this.#responseBytesMax = options.responseBytesMax
  }

  send(request: HttpRequest, listener: AnswerListener): Exchange {
    const exchange = new UndiciExchange(listener, new BodyCollector(this.#responseBytesMax))
    if (this.#closed) {
      exchange.onResponseError(null, new ClosedByUs())
      return exchange
    }
    const headers = ['content-type', CONTENT_TYPE, 'accept', ACCEPT]
    for (const [name, value] of request.forwarded.entries) headers.push(name, value)
    this.#pool.dispatch({ method: 'POST', path: this.#path, headers, body: request.body }, exchange)
    return exchange
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pool.destroy(new ClosedByUs())
  }
}

class ClosedByUs extends Error {}

class UndiciExchange implements Dispatcher.DispatchHandler, Exchange {
  readonly #listener: AnswerListener
  readonly #body: BodyCollector
  #controller: Dispatcher.DispatchController | null = null
  #head: AnswerHead | null = null
  #settled = false
  #abandoned = false

  constructor(listener: AnswerListener, body: BodyCollector) {
    this.#listener = listener
    this.#body = body
  }

  abandon(): void {
    this.#settled = true
    this.#abandoned = true
    this.#controller?.abort(new Error('Nobody waits for the answer.'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It waited for a connection until nobody wanted it any more.
    if (this.#settled) this.abandon()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    if (status < 200) return
    this.#head = {
      status,
      contentType: textOf(headers['content-type']),
      contentEncoding: textOf(headers['content-encoding']),
      isMarkedWhole: headers[WHOLE_HEADER] === '1',
    }
    const length = Number(headers['content-length'] ?? Number.NaN)
    if (Number.isSafeInteger(length) && length >= 0 && !this.#body.expect(length)) this.#refuseMore()
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#settled && !this.#body.add(chunk)) this.#refuseMore()
  }

  onResponseEnd(): void {
    if (this.#settled) return
    if (this.#head === null) {
      this.#fail({ kind: 'protocol', cause: new Error('An answer without a head.') })
      return
    }
    this.#settled = true
    this.#listener.onAnswer(answerOf(this.#head, this.#body))
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail({ kind: kindOf(error), cause: error })
  }

  #refuseMore(): void {
    this.#fail({ kind: 'too-large', cause: undefined })
    this.#controller?.abort(new Error('The answer is too large.'))
  }

  #fail(failure: TransportFailure): void {
    if (this.#settled) return
    this.#settled = true
    // Undici may refuse a request within `dispatch`.
    queueMicrotask(() => {
      if (!this.#abandoned) this.#listener.onFailure(failure)
    })
  }
}

function textOf(header: unknown): string {
  return typeof header === 'string' ? header : Array.isArray(header) ? header.join(', ') : ''
}

const PROTOCOL_CODES = /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_HTTP2_)/

function kindOf(error: Error): TransportFailure['kind'] {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error instanceof ClosedByUs || code === 'UND_ERR_DESTROYED') return 'closed'
  if (error.name === 'HTTPParserError' || PROTOCOL_CODES.test(code)) return 'protocol'
  return 'connection'
}
