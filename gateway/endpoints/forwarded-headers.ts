// What of a client's headers goes on to a subgraph: checked once for all requests of a client's operation, and never in place of a header that
// is the connection's own.
import { MeshgateError } from '../../platform/errors.ts'
import { ASSERTION_HEADER } from '../../platform/governance/assertion.ts'
import type { TraceParent } from '../../platform/telemetry/tracer.ts'
import { isConnectionHeader } from '../connection-headers.ts'
import type { ForwardedHeaders } from './http-transport.ts'

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** RFC 9110, 5.5: no control characters; each character is a byte. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

const NO_HEADERS: ForwardedHeaders = { entries: [], key: '' }

const checked = new WeakMap<Readonly<Record<string, string>>, ForwardedHeaders>()

/** Throws REQUEST_INVALID where a name or a value could end the header it stands in. */
export function forwardedHeaders(headers: Readonly<Record<string, string>> | undefined): ForwardedHeaders {
  if (headers === undefined) return NO_HEADERS
  const known = checked.get(headers)
  if (known !== undefined) return known
  const forwarded = checkHeaders(headers)
  checked.set(headers, forwarded)
  return forwarded
}

/** With the trace's own, in place of a client's that are forwarded. Requests stay equal: it says nothing of what is asked. */
export function tracedHeaders(forwarded: ForwardedHeaders, trace: TraceParent | undefined): ForwardedHeaders {
  if (trace === undefined) return forwarded
  const { traceparent, tracestate } = trace
  const others = forwarded.entries.filter(([name]) => name !== 'traceparent' && name !== 'tracestate')
  const state = tracestate === undefined ? [] : [['tracestate', tracestate] as const]
  return { entries: [...others, ['traceparent', traceparent], ...state], key: forwarded.key }
}

/** With what the gateway says of who asks. A client's header of that name is never forwarded. */
export function assertedHeaders(forwarded: ForwardedHeaders, assertion: string | undefined): ForwardedHeaders {
  if (assertion === undefined) return forwarded
  return { entries: [...forwarded.entries, [ASSERTION_HEADER, assertion]], key: forwarded.key }
}

function checkHeaders(headers: Readonly<Record<string, string>>): ForwardedHeaders {
  const entries: [string, string][] = []
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    if (isConnectionHeader(name)) continue
    if (!TOKEN.test(name)) throw invalid(given, 'is no name of a header')
    if (!VALUE.test(value)) throw invalid(given, 'has a value with characters that no header may have')
    entries.push([name, value])
  }
  if (entries.length === 0) return NO_HEADERS
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return { entries, key: JSON.stringify(entries) }
}

function invalid(name: string, what: string): MeshgateError {
  return new MeshgateError(
    'REQUEST_INVALID',
    `A header to forward, ${JSON.stringify(name)}, ${what}. Send it otherwise.`,
  )
}
