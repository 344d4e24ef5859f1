// How requests get to one subgraph's server and answers back: one contract, over HTTP/1.1 sockets of ours or over undici (TLS, HTTP/2).
// Callbacks, no promises and no streams: there are seven requests to a client's query.
import type { BodyCollector } from './body-collector.ts'

/** POST to the subgraph's URL; what headers every request has is the transport's. */
export interface HttpRequest {
  readonly body: string
  readonly forwarded: ForwardedHeaders
  /** False: it must not go out on a connection that its server may be closing. */
  readonly mayRepeat: boolean
  /** The second attempt: takes a connection that was not idle before. */
  readonly isRepeated: boolean
}

/** Checked: names in lower case, no header that is the transport's own. */
export interface ForwardedHeaders {
  readonly entries: readonly (readonly [name: string, value: string])[]
  /** Equal for equal headers; empty without any. */
  readonly key: string
}

export interface HttpAnswer {
  readonly status: number
  /** Empty where there is none. */
  readonly contentType: string
  /** Empty for the body as it is. */
  readonly contentEncoding: string
  /** `meshgate-whole: 1`: worth something only from a subgraph that is known to be ours. */
  readonly isMarkedWhole: boolean
  readonly bytes: Uint8Array
}

/** Why there is no answer. */
export interface TransportFailure {
  /** `connection`: none, or it broke. `protocol`: what came is no HTTP answer. `too-large`: it is more than is taken. `closed`: by us. */
  readonly kind: 'connection' | 'protocol' | 'too-large' | 'closed'
  readonly cause: unknown
}

/** Told exactly one of both, never within `send`, and nothing once it has been abandoned. */
export interface AnswerListener {
  onAnswer(answer: HttpAnswer): void
  onFailure(failure: TransportFailure): void
}

export interface Exchange {
  /** Nobody waits for the answer any more: its connection is free again, or gone. */
  abandon(): void
}

export interface HttpTransport {
  send(request: HttpRequest, listener: AnswerListener): Exchange
  /** Those under way fail as `closed`. */
  close(): Promise<void>
}

/** The head of an answer, as far as anybody here asks. */
export type AnswerHead = Omit<HttpAnswer, 'bytes'>

export function answerOf(head: AnswerHead, body: BodyCollector): HttpAnswer {
  const { status, contentType, contentEncoding, isMarkedWhole } = head
  return { status, contentType, contentEncoding, isMarkedWhole, bytes: body.take() }
}

export const WHOLE_HEADER = 'meshgate-whole'
export const CONTENT_TYPE = 'application/json'
export const ACCEPT = 'application/graphql-response+json, application/json;q=0.9'
