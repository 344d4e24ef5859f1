// A subgraph over HTTP, its subscriptions over WebSocket (graphql-transport-ws) or Server-Sent Events. Owns transport, deadlines and
// subscriber. Whether a subgraph that keeps failing is asked at all, and whether equal requests are shared, is decided before it.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type {
  SubgraphEndpoint,
  SubgraphRequest,
  SubgraphResponse,
  WireRequest,
  WireResponse,
} from '../../platform/ports/subgraph-endpoint.ts'
import type { Assert } from './assertion-renewals.ts'
import { checkAnswer, readAnswer } from './check-answer.ts'
import { Deadlines } from './deadlines.ts'
import { EventStreamSubscriber } from './event-stream-subscriber.ts'
import { assertedHeaders, forwardedHeaders, tracedHeaders } from './forwarded-headers.ts'
import type { HttpAnswer, HttpTransport } from './http-transport.ts'
import { SocketSubscribers } from './socket-subscribers.ts'
import { SocketTransport } from './socket-transport.ts'
import { SubgraphCall, type CallContext, type CallRequest } from './subgraph-call.ts'
import type { SubgraphSettings } from './subgraph-settings.ts'
import { UndiciTransport } from './undici-transport.ts'
import { exchangeBy, refuseCall, type Cancellable, type SettleWire, type WireCaller } from './wire-caller.ts'

export interface HttpEndpointOptions extends SubgraphSettings {
  readonly name: string
  readonly url: string
  readonly responseBytesMax?: number
  /** What it is told of who asks. Absent: nothing. */
  readonly assert?: Assert
  /** Default: the system's. */
  readonly clock?: Clock
}

interface Subscriber {
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>>
  close(): Promise<void>
}

/** CONFIG_INVALID where a URL is none. */
export class HttpEndpoint implements SubgraphEndpoint, WireCaller {
  readonly name: string
  readonly #isOurs: boolean
  readonly #assert: HttpEndpointOptions['assert']
  readonly #context: CallContext
  readonly #subscriber: Subscriber
  #inFlight = 0

  constructor(options: HttpEndpointOptions) {
    const { name, timeoutMs = limits.subgraphTimeoutMs, responseBytesMax = limits.subgraphResponseBytesMax } = options
    const url = readUrl(name, options.url, ['http:', 'https:'])
    this.name = name
    this.#isOurs = options.isOurs ?? false
    this.#assert = options.assert
    this.#subscriber = openSubscriber(options, url, timeoutMs)
    const transport = openTransport(options, url, { timeoutMs, responseBytesMax })
    this.#context = { name, transport, deadlines: new Deadlines(timeoutMs), responseBytesMax }
  }

  async execute(request: SubgraphRequest): Promise<SubgraphResponse> {
    const { query, variables, operationName, extensions, signal } = request
    signal?.throwIfAborted()
    const call: CallRequest = {
      body: JSON.stringify({ query, variables, operationName, extensions }),
      forwarded: assertedHeaders(forwardedHeaders(request.headers), this.#assert?.(request.principal)),
      isMutation: query.trimStart().startsWith('mutation'),
    }
    const { promise, resolve, reject } = Promise.withResolvers<SubgraphResponse>()
    const under = this.#call(
      call,
      (answer) => readAnswer(answer, this.name),
      (error, response) => (response === null ? reject(error) : resolve(response)),
    )
    const onAbort = (): void => under.cancel(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    return promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  exchange(request: WireRequest): Promise<WireResponse> {
    return exchangeBy(this, request)
  }

  begin({ body, headers, isMutation, principal, trace }: WireRequest, settle: SettleWire): Cancellable {
    try {
      const forwarded = assertedHeaders(tracedHeaders(forwardedHeaders(headers), trace), this.#assert?.(principal))
      const request = { body, forwarded, isMutation }
      return this.#call(request, (answer) => this.#toResponse(answer), settle)
    } catch (error) {
      return refuseCall(error, settle)
    }
  }

  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    return this.#subscriber.subscribe(request)
  }

  async close(): Promise<void> {
    await Promise.all([this.#subscriber.close(), this.#context.transport.close()])
    this.#context.deadlines.close()
  }

  #toResponse(answer: HttpAnswer): WireResponse {
    return { bytes: answer.bytes, isWhole: checkAnswer(answer, this.name) && this.#isOurs }
  }

  /** Throws where no more requests are taken, and what is wrong with the request. */
  #call<Result>(
    request: CallRequest,
    read: (answer: HttpAnswer) => Result,
    settle: (error: unknown, result: Result | null) => void,
  ): Cancellable {
    if (this.#inFlight >= limits.subgraphRequestsInFlightMax) {
      const message = `Subgraph "${this.name}" has ${this.#inFlight} requests to answer already. Retry with backoff.`
      throw new MeshgateError('SUBGRAPH_UNAVAILABLE', message)
    }
    this.#inFlight += 1
    return new SubgraphCall(this.#context, request, (failure, answer) => {
      this.#inFlight -= 1
      let result: Result | null = null
      let error = failure
      try {
        if (answer !== null) result = read(answer)
      } catch (unreadable) {
        error = unreadable
      }
      settle(error, result)
    })
  }
}

function openTransport(
  options: HttpEndpointOptions,
  url: URL,
  bounds: { readonly timeoutMs: number; readonly responseBytesMax: number },
): HttpTransport {
  const { http2 = false, connectionsMax = limits.subgraphConnectionsMax, authorities } = options
  return url.protocol === 'http:' && !http2
    ? new SocketTransport({ url, connectionsMax, ...bounds })
    : new UndiciTransport({ url, connectionsMax, http2, authorities, ...bounds })
}

function openSubscriber(options: HttpEndpointOptions, url: URL, timeoutMs: number): Subscriber {
  const { name, subscriptions = 'websocket', subscriptionUrl, http2 = false, authorities, assert, clock } = options
  if (subscriptions === 'sse') {
    const streamUrl = readUrl(name, subscriptionUrl ?? url.href, ['http:', 'https:'])
    return new EventStreamSubscriber(name, { url: streamUrl, timeoutMs, http2, authorities, assert })
  }
  const socketUrl = readUrl(name, subscriptionUrl ?? url.href.replace(/^http/, 'ws'), ['ws:', 'wss:'])
  return new SocketSubscribers(name, { url: socketUrl.href, timeoutMs, authorities, assert, clock })
}

function readUrl(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.parse(text)
  if (url !== null && protocols.includes(url.protocol)) return url
  const example = `${protocols[0] ?? ''}//host:4001/graphql`
  const message = `Subgraph "${name}" has the URL "${text}", which cannot be used there. Write it like ${example}.`
  throw new MeshgateError('CONFIG_INVALID', message)
}
