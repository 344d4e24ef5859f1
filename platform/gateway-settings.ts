// The settings of the gateway: what clients may do, what subgraphs are sent, and how many processes share the work. `meshgate gateway` has an
// option for each, which wins.
import { CLIENT_SETTINGS } from './client-settings.ts'
import { isHostPattern } from './host-pattern.ts'
import { IDENTITY_SETTINGS } from './identity-settings.ts'
import { SAFETY_SETTINGS } from './safety-settings.ts'
import { invalid, ok, readOneOf, readSwitch, setting, type Reading } from './setting.ts'

export const SHARINGS = ['none', 'fresh', 'subgraph-requests', 'requests'] as const
/** In place of names of headers: no prevention at all. */
export const CSRF_OFF = 'off'

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
/** More than any machine has cores. */
const WORKERS_MAX = 512
/** More operations than any page has. */
const BATCH_MAX = 1_000
/** An hour: what takes longer is no request. */
const TIMEOUT_MS_MAX = 3_600_000

export type Named<T> = readonly (readonly [name: string, value: T])[]

function items(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

function readHeaders(text: string): Reading<readonly string[]> {
  const names = items(text)
  return names.every((name) => HEADER_NAME.test(name))
    ? ok(names)
    : invalid('names of headers with commas between them, for example authorization,x-tenant')
}

function readCsrfHeaders(text: string): Reading<readonly string[] | typeof CSRF_OFF> {
  return text.trim() === CSRF_OFF ? ok(CSRF_OFF) : readHeaders(text)
}

function readOrigins(text: string): Reading<readonly string[]> {
  const origins = items(text)
  const known = origins.every((origin) => origin === '*' || URL.parse(origin)?.origin === origin)
  return known
    ? ok(origins)
    : invalid('origins as browsers send them, for example https://app.example.com,http://localhost:3000, or *')
}

function readHosts(text: string): Reading<readonly string[]> {
  const names = items(text.toLowerCase())
  return names.every((name) => name === '*' || isHostPattern(name))
    ? ok(names)
    : invalid('names of hosts with commas between them, for example mesh.example.com,*.example.org, or *')
}

function readNumber(max: number, example: string): (text: string) => Reading<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : -1
    return value >= 0 && value <= max ? ok(value) : invalid(`a number from 0 to ${max}, for example ${example}`)
  }
}

function readWorkers(text: string): Reading<number | 'auto'> {
  if (text.trim() === 'auto') return ok('auto')
  const workers = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0
  return workers >= 1 && workers <= WORKERS_MAX ? ok(workers) : invalid(`a number from 1 to ${WORKERS_MAX}, or auto`)
}

function readNames(text: string): Reading<readonly string[]> {
  const names = items(text)
  return names.includes('') ? invalid('names of subgraphs with commas between them') : ok(names)
}

/** `NAME=value` with commas between them; values may hold commas that no `NAME=` follows. */
function readNamed<T>(example: string, read: (text: string) => T | null): (text: string) => Reading<Named<T>> {
  return (text) => {
    const pairs = text.split(/,(?=[^,=]*=)/).map((pair) => {
      const [, name = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? []
      return [name, name === '' ? null : read(value.trim())] as const
    })
    const found = pairs.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
    const names = new Set(found.map(([name]) => name))
    return found.length === pairs.length && names.size === pairs.length
      ? ok(found)
      : invalid(`each subgraph once, as NAME=value with commas between them, for example ${example}`)
  }
}

function urlOf(protocols: readonly string[]): (text: string) => string | null {
  return (text) => (protocols.includes(URL.parse(text)?.protocol ?? '') ? text : null)
}

function milliseconds(text: string): number | null {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= TIMEOUT_MS_MAX ? value : null
}

const HTTP = ['http:', 'https:']

export const GATEWAY_SETTINGS = {
  ...SAFETY_SETTINGS,
  ...IDENTITY_SETTINGS,
  ...CLIENT_SETTINGS,
  workers: setting(
    'MESHGATE_WORKERS',
    {
      defaultText: '1',
      meaning:
        'Processes that the gateway runs in, each with one core: a number, or `auto` for as many as there are cores. They share one port.',
    },
    readWorkers,
  ),
  share: setting(
    'MESHGATE_SHARE',
    {
      defaultText: 'fresh',
      meaning:
        'What requests in flight share. `none`: nothing. `fresh`: a request to a subgraph that was sent after the client asked, so that no answer is older than its question. `subgraph-requests`: any equal one in flight. `requests`: whole answers, too, between clients that ask the same. Mutations are never shared.',
    },
    readOneOf(SHARINGS),
  ),
  forwardHeaders: setting(
    'MESHGATE_FORWARD_HEADERS',
    {
      defaultText: null,
      meaning: "Names of a client's headers that subgraphs see, commas between them. Unset: none.",
    },
    readHeaders,
  ),
  batchMax: setting(
    'MESHGATE_BATCH_MAX',
    {
      defaultText: '0',
      meaning: 'Operations that one HTTP request may hold, as a JSON array. 0: batches are refused.',
    },
    readNumber(BATCH_MAX, '10'),
  ),
  allowedHosts: setting(
    'MESHGATE_ALLOWED_HOSTS',
    {
      defaultText: null,
      meaning:
        'Names by which the gateway may be asked (`Host`), beside localhost and addresses, commas between them; `*.example.com` for all below one, `*` for any. Unset: any; of `meshgate dev` where only this machine reaches it: none, so that no page of another site reads it by a name of its own that points here.',
    },
    readHosts,
  ),
  corsOrigins: setting(
    'MESHGATE_CORS_ORIGINS',
    {
      defaultText: null,
      meaning:
        'Origins whose pages may ask, commas between them, or `*` for all. Unset: only pages of the gateway itself.',
    },
    readOrigins,
  ),
  corsCredentials: setting(
    'MESHGATE_CORS_CREDENTIALS',
    { defaultText: 'false', meaning: "`true`: those pages may ask with their visitor's cookies. Not with `*`." },
    readSwitch,
  ),
  csrfHeaders: setting(
    'MESHGATE_CSRF_HEADERS',
    {
      defaultText: null,
      meaning:
        "Headers one of which shows that a request was not sent by another site's page, commas between them; `off`: nothing is asked for. Unset: `apollo-require-preflight` or `x-apollo-operation-name`.",
    },
    readCsrfHeaders,
  ),
  compression: setting(
    'MESHGATE_COMPRESSION',
    { defaultText: 'true', meaning: '`false`: answers are not compressed, for example since a proxy does it.' },
    readSwitch,
  ),
  exposeErrors: setting(
    'MESHGATE_EXPOSE_ERRORS',
    {
      defaultText: 'false',
      meaning: '`true`: clients see messages and extensions of unforeseen errors of subgraphs. For development.',
    },
    readSwitch,
  ),
  subgraphUrls: setting(
    'MESHGATE_SUBGRAPH_URLS',
    {
      defaultText: null,
      meaning: 'Where subgraphs are reached in place of what the supergraph says: `NAME=URL`, commas between them.',
    },
    readNamed('reviews=http://reviews:4001/graphql', urlOf(HTTP)),
  ),
  subgraphTimeouts: setting(
    'MESHGATE_SUBGRAPH_TIMEOUTS',
    {
      defaultText: null,
      meaning: 'Milliseconds from a request to a subgraph to the end of its answer: `NAME=MS`, commas between them.',
    },
    readNamed('reviews=2000', milliseconds),
  ),
  subgraphHttp2: setting(
    'MESHGATE_SUBGRAPH_HTTP2',
    {
      defaultText: null,
      meaning:
        'Names of subgraphs that are asked over HTTP/2, commas between them; by prior knowledge where not https.',
    },
    readNames,
  ),
  subgraphSse: setting(
    'MESHGATE_SUBGRAPH_SSE',
    {
      defaultText: null,
      meaning:
        'Names of subgraphs whose subscriptions come as Server-Sent Events in place of a WebSocket, commas between them.',
    },
    readNames,
  ),
  subgraphSubscriptionUrls: setting(
    'MESHGATE_SUBGRAPH_SUBSCRIPTION_URLS',
    {
      defaultText: null,
      meaning:
        'Where subscriptions of subgraphs go, if elsewhere: `NAME=URL`, commas between them (`ws:`, `wss:`; with SSE `http:`, `https:`).',
    },
    readNamed('reviews=ws://reviews:4001/subscriptions', urlOf([...HTTP, 'ws:', 'wss:'])),
  ),
  subgraphOurs: setting(
    'MESHGATE_SUBGRAPH_OURS',
    {
      defaultText: null,
      meaning:
        'Names of subgraphs that `meshgate subgraph` serves, commas between them: a whole answer of theirs goes to the client as it is. Nobody else may answer at their URLs.',
    },
    readNames,
  ),
} as const
