// The error codes of who may ask: tokens, access to fields, rate limits. `errors.ts` holds them with all others.
import type { CodeEntry } from './code-entry.ts'

export const IDENTITY_CODES = {
  UNAUTHENTICATED: {
    meaning: 'A request has no token where one is needed, or one that is wrong or has expired.',
    action: 'Get a valid token and ask again with it.',
    retryable: false,
  },
  AUTHENTICATION_UNAVAILABLE: {
    meaning: 'The keys that tokens are verified with cannot be read, and none were read before.',
    action: 'Retry with backoff; the log of the gateway has the cause.',
    retryable: true,
  },
  TOKEN_EXPIRED: {
    meaning: 'The token that a stream was opened with has expired.',
    action: 'Subscribe again with a new token, and with the cursor that the error carries.',
    retryable: false,
  },
  ASSERTION_EXPIRED: {
    meaning: 'A gateway has not renewed in time what it asserts of who asks, and its subgraph has ended the stream.',
    action:
      'Nothing: the gateway subscribes again with the cursor. Where it recurs, look for a gateway that hangs, or clocks that differ.',
    retryable: true,
  },
  RATE_LIMITED: {
    meaning:
      'A client has run more operations than it may in the window, or an address has sent too many tokens that are none.',
    action: 'Ask again after the time that Retry-After (over HTTP) or `extensions.retryAfterMs` says.',
    retryable: true,
  },
  CONNECTIONS_EXCEEDED: {
    meaning: 'A client has more WebSockets open than it may, or the gateway has as many as it takes.',
    action:
      'Close one or come again later; raise MESHGATE_SOCKETS_PER_CLIENT or MESHGATE_SOCKETS where that is not enough.',
    retryable: true,
  },
  SUBSCRIPTIONS_EXCEEDED: {
    meaning: 'A client has more subscriptions open than it may, or more operations at once on one WebSocket.',
    action:
      'Complete one; raise MESHGATE_SUBSCRIPTIONS_PER_CLIENT or MESHGATE_SUBSCRIPTIONS_PER_SOCKET where that is not enough.',
    retryable: true,
  },
  UNAUTHORIZED_FIELD_OR_TYPE: {
    meaning: 'A field was left out of an operation: whoever asks may not see it, or the type of its value.',
    action: 'Ask with a token that has what `@authenticated`, `@requiresScopes` or `@policy` say there.',
    retryable: false,
  },
} as const satisfies Record<string, CodeEntry>
