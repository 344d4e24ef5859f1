// How one subgraph is reached, where it differs from the usual: what a user may say of it in configuration.

export interface SubgraphSettings {
  /** In place of the URL that the supergraph has for it. */
  readonly url?: string
  /** Default: graphql-transport-ws. `sse` is Server-Sent Events in distinct connections mode, at the subgraph's URL unless told otherwise. */
  readonly subscriptions?: 'websocket' | 'sse'
  /** Where subscriptions go. Default: the same URL, with ws for http where it is a WebSocket. */
  readonly subscriptionUrl?: string
  /** From a request to the last byte of its answer. */
  readonly timeoutMs?: number
  /** HTTP/1.1 connections at a time. */
  readonly connectionsMax?: number
  /** HTTP/2: by ALPN over TLS (and HTTP/1.1 where the subgraph does not speak it), by prior knowledge without. Default false. */
  readonly http2?: boolean
  /** Certificates of authorities to trust beside the usual ones, as PEM. */
  readonly authorities?: readonly string[]
  /**
   * It is served by Meshgate, and nobody else answers at its URL: an answer that it marks as whole may go to a client as it is, unread.
   * A subgraph of others could send anything under that mark. Default false.
   */
  readonly isOurs?: boolean
  /** It is told who asks by a signed assertion, where the gateway has a key for it. Default: where it is ours. */
  readonly assertsPrincipal?: boolean
}
