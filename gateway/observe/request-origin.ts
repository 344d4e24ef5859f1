// Where a request comes from, by its headers: its trace, and the client's name for itself under the names that Apollo's clients use.
import type { IncomingHttpHeaders } from 'node:http'
import { limits } from '../../platform/limits.ts'
import { readTraceParent } from '../../platform/telemetry/tracer.ts'
import type { RequestOrigin } from './operation-watch.ts'

export function originOf(
  headers: IncomingHttpHeaders,
  extensions?: Readonly<Record<string, unknown>>,
): RequestOrigin | undefined {
  const name = headers['apollographql-client-name'] ?? headers['graphql-client-name']
  // Over a WebSocket the handshake's is that of whatever opened it; the operation's own is in its extensions.
  const traceparent = extensions?.['traceparent'] ?? headers['traceparent']
  if (name === undefined && traceparent === undefined) return undefined
  const version = headers['apollographql-client-version'] ?? headers['graphql-client-version']
  const state = extensions?.['traceparent'] === undefined ? headers['tracestate'] : extensions['tracestate']
  return { trace: readTraceParent(traceparent, state), clientName: bounded(name), clientVersion: bounded(version) }
}

function bounded(text: string | readonly string[] | undefined): string | undefined {
  return typeof text === 'string' ? text.slice(0, limits.clientNameCharactersMax) : undefined
}
