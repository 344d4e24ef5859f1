// Subscriptions over a client of graphql-ws that lose nothing when its connection does. graphql-ws sends its first payload again by itself:
// here the payload it sends is read anew each time, with the cursor of then.
import type { EventSink, OpenStream, RequestSource, SubscriptionRequest } from './stream-types.ts'
import { createSubscriptionClient, type SubscriptionClient } from './subscription-client.ts'
import type { SubscriptionOptions } from './subscription-options.ts'
import { watchPongs, type PingedClient } from './watch-pongs.ts'

export interface SocketOptions extends SubscriptionOptions {
  /** A ping of graphql-ws (`keepAlive`) without a pong for so long: the connection is lost. Default: 5,000. */
  readonly pongMsMax?: number
}

const PONG_MS_MAX = 5_000

/** What is used of the client that graphql-ws' `createClient` makes. */
export interface SocketClient extends PingedClient {
  subscribe(payload: SocketPayload, sink: EventSink): () => void
}

/** As graphql-ws takes it. */
export interface SocketPayload {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Record<string, unknown> | null | undefined
  readonly extensions?: Record<string, unknown> | null | undefined
}

/** Written as the request is then: JSON.stringify asks for it. */
const livePayload = (request: RequestSource): SocketPayload & { toJSON(): SubscriptionRequest } => ({
  ...request.original,
  toJSON: () => request.current(),
})

/**
 * `client` is graphql-ws' own, made with `retryAttempts: 0`: then only the delays chosen here hold; with others it works as well, and its
 * own delays come first. With `keepAlive` a connection that is only silent is found out. Closing the client stays the caller's.
 */
export function resumeOverSocket(client: SocketClient, options: SocketOptions = {}): SubscriptionClient {
  const { pongMsMax = PONG_MS_MAX, ...rest } = options
  watchPongs(client, pongMsMax)
  const open: OpenStream = (request, sink) => client.subscribe(livePayload(request), sink)
  return createSubscriptionClient(open, rest)
}
