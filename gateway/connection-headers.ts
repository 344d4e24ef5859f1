// Headers that belong to one connection or one message (RFC 9110 7.6.1, 8, 12), and our own: a client's are never passed to a subgraph, which
// gets those of the gateway's request.

const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'last-event-id',
  'meshgate-principal',
  'meshgate-whole',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** In lower case. */
export function isConnectionHeader(name: string): boolean {
  return CONNECTION_HEADERS.has(name) || name.startsWith('sec-websocket-')
}
