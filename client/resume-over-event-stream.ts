// Subscriptions over Server-Sent Events (the protocol of graphql-sse, distinct connections), by fetch: a request per stream.
import { createEventStreamParser } from './event-stream-parser.ts'
import { HttpFailure, isErrorList, isPassingStatus } from './stream-failure.ts'
import type { EventSink, OpenStream, StreamEvent, SubscriptionRequest } from './stream-types.ts'
import { createSubscriptionClient, type SubscriptionClient } from './subscription-client.ts'
import type { SubscriptionOptions } from './subscription-options.ts'

export interface EventStreamOptions extends SubscriptionOptions {
  /** Of the gateway's GraphQL. */
  readonly url: string
  /** Asked before each request, so that it has the token of then: where one has expired, the next request has the new one. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Default: the platform's. */
  readonly fetch?: typeof fetch
  /** Cookies of other origins, as of `fetch`. */
  readonly credentials?: 'include' | 'omit' | 'same-origin'
  /** The gateway sends a sign of life every 12 s: a stream without one for so long is lost. Default: 30,000. */
  readonly silenceMsMax?: number
}

const SILENCE_MS_MAX = 30_000
/** An event is a GraphQL result: as much as anybody's gateway sends at once. */
const EVENT_CHARACTERS_MAX = 64 * 1_048_576
/** Longer than that nobody is waited for, whatever the server says. */
const RETRY_AFTER_MS_MAX = 300_000
/** What a server says instead of a stream. */
const REFUSAL_CHARACTERS_MAX = 1_048_576

export function resumeOverEventStream(options: EventStreamOptions): SubscriptionClient {
  const {
    url: _url,
    headers: _headers,
    fetch: _fetch,
    credentials: _credentials,
    silenceMsMax: _max,
    ...rest
  } = options
  const open: OpenStream = (request, sink) => {
    const abort = new AbortController()
    const closed = (): boolean => abort.signal.aborted
    // Not in this turn: whoever opens a stream holds the function that closes it first.
    Promise.resolve()
      .then(() => (closed() ? 'aborted' : run(options, () => request.current(), { sink, abort, closed })))
      .then(
        (how) => how === 'completed' && !closed() && sink.complete(),
        (error: unknown) => !closed() && sink.error(error),
      )
    return () => abort.abort()
  }
  // Each request asks for its headers: a new token is there with the next.
  const renewing = options.headers === undefined ? {} : { renew: () => undefined }
  return createSubscriptionClient(open, { ...renewing, ...rest })
}

interface Running {
  readonly sink: EventSink
  readonly abort: AbortController
  readonly closed: () => boolean
}

async function run(
  options: EventStreamOptions,
  current: () => SubscriptionRequest,
  { sink, abort, closed }: Running,
): Promise<'completed' | 'aborted'> {
  const { url, fetch: send = fetch, credentials, headers } = options
  const silence = watchSilence(options.silenceMsMax ?? SILENCE_MS_MAX, abort)
  const own = (await headers?.()) ?? {}
  const response = await silence.watched(
    send(url, {
      method: 'POST',
      headers: { ...own, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(current()),
      signal: silence.signal,
      ...(credentials === undefined ? {} : { credentials }),
    }),
  )
  if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) throw await refusalOf(response)
  if (response.body === null) throw new Error('The stream has no body.')
  const parse = createEventStreamParser(EVENT_CHARACTERS_MAX)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { value, done } = await silence.watched(reader.read())
      if (closed()) return 'aborted'
      if (done) throw new Error('The stream broke off.')
      for (const { name, data } of parse(decoder.decode(value, { stream: true }))) {
        if (name === 'complete') return 'completed'
        if (name === 'next') sink.next(JSON.parse(data) as StreamEvent)
        if (closed()) return 'aborted'
      }
    }
  } finally {
    silence.stop()
    // Of a connection that is lost there is nothing to cancel.
    reader.cancel().catch(() => undefined)
  }
}

/** Aborts a request in which nothing arrives for too long, and with the caller's own. */
function watchSilence(silenceMsMax: number, caller: AbortController) {
  const silent = new AbortController()
  const stop = (): void => silent.abort(new Error('Nothing has come for too long.'))
  const stopWithCaller = (): void => silent.abort(caller.signal.reason)
  caller.signal.addEventListener('abort', stopWithCaller, { once: true })
  return {
    signal: silent.signal,
    async watched<Result>(arrival: Promise<Result>): Promise<Result> {
      const timer = setTimeout(stop, silenceMsMax)
      try {
        return await arrival
      } finally {
        clearTimeout(timer)
      }
    },
    stop: (): void => {
      caller.signal.removeEventListener('abort', stopWithCaller)
      silent.abort()
    },
  }
}

/** The errors of a GraphQL answer, else what HTTP says. */
async function refusalOf(response: Response): Promise<unknown> {
  const text = (await response.text()).slice(0, REFUSAL_CHARACTERS_MAX)
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: unknown }
    // One that passes may be told in GraphQL too: the status says so, and the header for how long.
    if (isErrorList(errors) && !isPassingStatus(response.status)) return errors
  } catch {
    // No GraphQL.
  }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = seconds >= 0 ? Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX) : undefined
  const message = `The server answered ${response.status} in place of a stream.`
  return new HttpFailure(response.status, message, retryAfterMs)
}
