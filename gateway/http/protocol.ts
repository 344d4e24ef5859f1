// The one place that decides which protocol answers: by what the client takes and what kind of operation it asks.
import type { OperationKind } from '../engine-contract.ts'
import type { Accepted, StreamMediaType } from './accept.ts'
import type { HttpProblem } from './http-problem.ts'

export type Protocol = 'once' | StreamMediaType | HttpProblem

export const NOT_ACCEPTABLE: HttpProblem = {
  status: 406,
  message:
    'Accept application/graphql-response+json or application/json; for a stream text/event-stream or multipart/mixed;subscriptionSpec=1.0.',
}

const GET_MUTATION: HttpProblem = { status: 405, message: 'A mutation is sent by POST.', headers: ['allow', 'POST'] }

const NO_STREAM: HttpProblem = {
  status: 406,
  message:
    'A subscription is a stream: accept text/event-stream or multipart/mixed;subscriptionSpec=1.0, or send it over the WebSocket (graphql-transport-ws) at this path.',
}

export function chooseProtocol(kind: OperationKind, method: string | undefined, accepted: Accepted): Protocol {
  if (kind === 'subscription') return accepted.stream ?? NO_STREAM
  // A GET that a page of another site can provoke must change nothing.
  if (kind === 'mutation' && method === 'GET') return GET_MUTATION
  if (accepted.answer !== null) return 'once'
  // GraphQL over SSE streams every kind; multipart is for subscriptions alone.
  return accepted.stream === 'text/event-stream' ? accepted.stream : NOT_ACCEPTABLE
}
