// Subscriptions of one subgraph over Server-Sent Events, in the distinct connections mode of the GraphQL over SSE protocol: a POST each. A
// stream that ends without a complete event is lost and nothing is resumed behind anybody's back. Owns the connections.
import type { Pool } from 'undici'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { isObject } from '../execute/plain-object.ts'
import { EventQueue } from '../subscribe/event-queue.ts'
import type { Assert } from './assertion-renewals.ts'
import { assertedExtensions } from './asserted-request.ts'
import { refusalIn } from './check-answer.ts'
import { EventStreamReader, type StreamEvent } from './event-stream-reader.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { openPool } from './undici-transport.ts'

export interface EventStreamOptions {
  readonly url: URL
  /** From the request to the head of its answer. */
  readonly timeoutMs: number
  readonly http2: boolean
  readonly authorities: readonly string[] | undefined
  /** Of who asks, in the request's extensions. A stream here has no way back: it is not renewed. */
  readonly assert: Assert | undefined
}

type Body = AsyncIterable<Buffer>

export class EventStreamSubscriber {
  readonly #name: string
  readonly #options: EventStreamOptions
  readonly #pool: Pool
  readonly #streams = new Set<AbortController>()

  constructor(name: string, options: EventStreamOptions) {
    this.#name = name
    this.#options = options
    this.#pool = openPool({ ...options, connectionsMax: limits.subgraphEventStreamsMax })
  }

  /** Established once the subgraph has answered with a stream. Where its first event then is a refusal, the stream fails with it. */
  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    const { signal } = request
    signal?.throwIfAborted()
    if (this.#streams.size >= limits.subgraphEventStreamsMax) {
      throw this.#failure(`has ${this.#streams.size} event streams already`, undefined)
    }
    const stop = new AbortController()
    const end = (): void => stop.abort(new Error('The subscription has ended.'))
    this.#streams.add(stop)
    signal?.addEventListener('abort', end, { once: true })
    stop.signal.addEventListener('abort', () => {
      this.#streams.delete(stop)
      signal?.removeEventListener('abort', end)
    })
    try {
      const body = await this.#open(request, stop.signal)
      const events = new EventQueue<SubgraphResponse>({
        eventsMax: limits.subgraphEventsQueuedMax,
        cursor: undefined,
        onOverflow: () => this.#failure('sends events faster than the gateway joins them', undefined),
        onReturn: end,
      })
      void this.#pump(body, events, stop.signal).finally(end)
      return events
    } catch (error) {
      end()
      signal?.throwIfAborted()
      throw error
    }
  }

  async close(): Promise<void> {
    for (const stop of this.#streams) stop.abort(new Error('The gateway has let the subgraph go.'))
    await this.#pool.destroy()
  }

  async #open(request: SubgraphRequest, signal: AbortSignal): Promise<Body> {
    const { query, variables, operationName } = request
    const { assert } = this.#options
    const extensions =
      assert === undefined ? request.extensions : assertedExtensions(request, assert(request.principal))
    const late = AbortSignal.timeout(this.#options.timeoutMs)
    const patience = new AbortController()
    const lose = (): void => patience.abort(late.aborted ? late.reason : signal.reason)
    late.addEventListener('abort', lose)
    signal.addEventListener('abort', lose)
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        method: 'POST',
        path: this.#options.url.pathname + this.#options.url.search,
        headers: {
          ...Object.fromEntries(forwardedHeaders(request.headers).entries),
          'content-type': 'application/json',
          accept: 'text/event-stream',
        },
        body: JSON.stringify({ query, variables, operationName, extensions }),
        signal: patience.signal,
      })
      if (statusCode === 200 && /^text\/event-stream\b/i.test(String(headers['content-type']))) return body
      throw this.#refusal(statusCode, await readText(body))
    } catch (error) {
      if (late.aborted) {
        throw new MeshgateError('SUBGRAPH_TIMEOUT', `Subgraph "${this.#name}" did not answer in time.`, error)
      }
      throw error instanceof MeshgateError ? error : this.#failure('cannot be reached', error)
    } finally {
      late.removeEventListener('abort', lose)
    }
  }

  async #pump(body: Body, events: EventQueue<SubgraphResponse>, signal: AbortSignal): Promise<void> {
    const reader = new EventStreamReader(limits.subgraphEventBytesMax)
    let isFirst = true
    try {
      for await (const bytes of body) {
        const read = reader.read(bytes)
        if (read === null) return events.fail(() => this.#protocolFailure('sent an event that is too large'))
        for (const event of read) {
          if (!this.#take(event, events, isFirst)) return
          isFirst = false
        }
      }
      events.fail(() => this.#failure('has ended an event stream before its end', undefined))
    } catch (error) {
      if (signal.aborted) events.complete()
      events.fail(() => this.#failure('has lost an event stream', error))
    }
  }

  /** False: it was the last. */
  #take({ type, data }: StreamEvent, events: EventQueue<SubgraphResponse>, isFirst: boolean): boolean {
    if (type === 'complete') {
      events.complete()
      return false
    }
    if (type !== 'next' && type !== '') return true
    const event = parseJson(data)
    const refusal = isFirst ? refusalIn(event) : null
    if (refusal !== null) {
      events.fail(() => this.#refused(refusal))
      return false
    }
    if (isObject(event)) {
      events.push({ event, cursor: undefined })
      return true
    }
    events.fail(() => this.#protocolFailure('sent an event that is no GraphQL response'))
    return false
  }

  #refusal(status: number, text: string): MeshgateError {
    const parsed = parseJson(text)
    const errors = isObject(parsed) ? parsed['errors'] : undefined
    if (Array.isArray(errors) && status < 500) return this.#refused(errors)
    if (status === 200) return this.#protocolFailure('answered a subscription with something that is no event stream')
    return this.#failure(`answered a subscription with HTTP status ${status}`, undefined)
  }

  #refused(errors: unknown): MeshgateError {
    return new MeshgateError('SUBGRAPH_REFUSED', `Subgraph "${this.#name}" refused the subscription.`, errors)
  }

  #failure(what: string, cause: unknown): MeshgateError {
    return new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${this.#name}" ${what}.`, cause)
  }

  #protocolFailure(what: string): MeshgateError {
    return new MeshgateError('SUBGRAPH_PROTOCOL', `Subgraph "${this.#name}" ${what}.`)
  }
}

/** Of a refusal: errors, not pages. */
async function readText(body: Body): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > limits.subgraphEventBytesMax) break
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
