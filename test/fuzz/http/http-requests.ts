// HTTP that breaks its rules, and HTTP that keeps them to carry what nobody expects: request lines, headers, framings, codings, pipelines.
import { gzipSync } from 'node:zlib'
import { mutated, ODD_NAMES, oddText, pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'
import { hostileDocument, type DocumentSource } from '../documents/hostile-document.ts'
import type { Exchange } from '../exchange.ts'
import { hostileBody, requestOf } from './request-bodies.ts'
import { hostileToken } from './tokens.ts'

export interface HttpSource extends DocumentSource {
  /** Paths that are answered, besides /graphql. */
  readonly paths: readonly string[]
  /** A token that is believed, to be broken. */
  readonly token: string
}

const JSON_TYPE = 'content-type: application/json'
/** Names that are not the server's, and what is no name. */
const ODD_HOSTS = [
  'x: y',
  'host: ',
  'host: evil.example',
  'host: localhost.evil.example:80',
  'host: [::1',
  'host: a b',
  'host: user@localhost',
  'host: \u00ff',
  'host: localhost\r\nhost: x',
] as const
const CLOSE = 'connection: close'
const ASK = '{"query":"{ __typename }"}'

/** Headers, whole lines, then a body whose length is told. */
export function post(body: Buffer | string, lines: readonly string[] = [], path = '/graphql'): Buffer {
  const bytes = Buffer.from(body)
  const head = [`POST ${path} HTTP/1.1`, 'host: localhost', ...lines, `content-length: ${bytes.length}`]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}

export function hostileHttp(source: HttpSource, random: Random): Exchange {
  return pickOf<Exchange>(
    [
      () => ({ kind: 'body', chunks: [post(hostileBody(source, random), [JSON_TYPE, CLOSE])] }),
      () => ({ kind: 'document', chunks: [post(requestOf(source, random), [JSON_TYPE, CLOSE])] }),
      () => ({
        kind: 'headers',
        chunks: [post(requestOf(source, random), [...oddHeaders(source, random), JSON_TYPE, CLOSE])],
      }),
      () => requestLine(source, random),
      () => getParameters(source, random),
      () => framing(source, random),
      () => chunked(source, random),
      () => pipeline(source, random),
      () => halfClosed(source, random),
      () => ({ kind: 'bytes', chunks: [mutated(post(ASK, [JSON_TYPE, CLOSE]), random)] }),
      () => ({ kind: 'noise', chunks: [randomBytes(upTo(600, random), random)] }),
      () => coding(source, random),
    ],
    random,
  )
}

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'QUERY',
  'get',
  '',
] as const

function requestLine(source: HttpSource, random: Random): Exchange {
  const method = random() < 0.1 ? 'HEAD' : pick(METHODS, random)
  const known = pick(['/graphql', ...source.paths], random)
  const target = pickOf(
    [
      () => known,
      () => `${known}?${encodeURIComponent(oddText(random).toWellFormed()).slice(0, 6_000)}`,
      () => `${known}/${pick(ODD_NAMES, random)}`,
      () => `${known}%00`,
      () => `${known}/..%2f..%2f..%2fetc/passwd`,
      () => `/../../../../etc/passwd`,
      () => `//${known}`,
      () => `http://[::1${known}`,
      () => `http://user:secret@elsewhere${known}`,
      () => '*',
      () => '/%',
      () => '/%ff%fe',
      () => `/${'a/'.repeat(upTo(9_000, random))}`,
      () => `/graphql#${'x'.repeat(upTo(100, random))}`,
      () => '',
    ],
    random,
  )
  const version = random() < 0.8 ? 'HTTP/1.1' : pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 x', ''], random)
  // Whoever refuses an upgrade by HEAD sends a body (ws does): then nobody could say where an answer ends.
  const more = method === 'HEAD' ? [] : oddHeaders(source, random)
  const host = random() < 0.8 ? 'host: localhost' : pick(ODD_HOSTS, random)
  const lines = [`${method} ${target} ${version}`, host, CLOSE, ...more]
  return {
    kind: `line ${method}`,
    chunks: [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')],
    isHead: method === 'HEAD',
  }
}

function getParameters(source: HttpSource, random: Random): Exchange {
  const { query, variables } = hostileDocument(source, random)
  const write = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, 9_000)
  const parameters = [
    `query=${write(query)}`,
    `variables=${random() < 0.5 ? write(JSON.stringify(variables)) : pick(['%7B', '[]', 'null', '%ff', '{"__proto__":1}'], random)}`,
    `extensions=${pick(['{}', '[]', 'null', '{"cursor":1}', '%00', '{"persistedQuery":{}}'], random)}`,
    `operationName=${pick([...ODD_NAMES], random)}`,
    `documentId=${pick(['good', '__proto__', '%00'], random)}`,
    'query=%7B__typename%7D',
  ].filter((_, index) => index === 0 || random() < 0.3)
  const guard = pick(['apollo-require-preflight: 1', 'sec-fetch-site: same-origin', 'x: y', JSON_TYPE], random)
  const lines = [`GET /graphql?${parameters.join('&')} HTTP/1.1`, 'host: localhost', guard, CLOSE]
  return { kind: 'get', chunks: [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')] }
}

function oddHeaders(source: HttpSource, random: Random): string[] {
  const odd = (): string =>
    pickOf(
      [
        () =>
          `accept: ${pick(['*/*', 'text/html', 'application/json;q=NaN, */*;q=-1', ';', 'a/b;q=1,'.repeat(upTo(900, random)), 'multipart/mixed', 'multipart/mixed;deferSpec=20220824', 'application/graphql-response+json'], random)}`,
        () =>
          `accept-encoding: ${pick(['gzip', 'br', 'zstd, gzip;q=0.5', 'deflate', '*;q=0', 'identity;q=0', '__proto__', 'gzip;q=0.001,'.repeat(upTo(900, random))], random)}`,
        () => `authorization: ${hostileToken(source.token, random)}`,
        () =>
          `cookie: ${pick(['a=b; a=c', '__proto__=1', '='.repeat(3_000), ';;;;', `s=${'x'.repeat(upTo(9_000, random))}`], random)}`,
        () => `origin: ${pick(['null', 'http://evil.example', 'http://[', 'https://app.example', '\u00ff'], random)}`,
        () => `access-control-request-method: ${pick(['POST', '', '\u00ff'], random)}`,
        () =>
          `content-type: ${pick(['application/json; charset=utf-16', 'text/plain', 'application/json;;;', ';', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary='], random)}`,
        () => `content-encoding: ${pick(['gzip', 'br', '__proto__', 'identity, gzip'], random)}`,
        () => `expect: ${pick(['100-continue', 'nonsense'], random)}`,
        () => `x-forwarded-for: ${pick(['1.2.3.4, ', 'unknown', ','.repeat(2_000), '[::1]'], random)}`,
        () => `traceparent: ${pick(['00-', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'ff', '\u00e9'], random)}`,
        () => `last-event-id: ${pick(['0', '\u00ff', 'x'.repeat(4_000), '__proto__'], random)}`,
        () => `x-apollo-operation-name: ${oddText(random).replace(/[^\x20-\x7e]/g, '')}`,
        () =>
          Array.from({ length: upTo(2_500, random) }, (_, index) => `x-${index}: y`)
            .concat('x: y')
            .join('\r\n'),
        () => `x: ${'y'.repeat(upTo(40_000, random))}`,
        () => `${pick(['bad header', ': empty', 'a b: c', ' folded', 'x\0: y', '\u00fc: u'], random)}`,
        () => 'host: second',
        () => 'upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAAP__',
      ],
      random,
    )
  return Array.from({ length: upTo(5, random) }, odd)
}

/** Lengths that lie. */
function framing(source: HttpSource, random: Random): Exchange {
  const body = requestOf(source, random)
  const length = Buffer.byteLength(body)
  const lines = pick(
    [
      [`content-length: ${length - 1}`],
      [`content-length: ${length + 5}`],
      ['content-length: 0'],
      ['content-length: -1'],
      ['content-length: 99999999999999999999'],
      ['content-length: 1e3'],
      [`content-length: ${length}`, `content-length: ${length + 1}`],
      [`content-length: ${length}`, 'transfer-encoding: chunked'],
      ['transfer-encoding: chunked, identity'],
      ['transfer-encoding: gzip, chunked'],
      ['content-length: 2000000'],
      [],
    ],
    random,
  )
  const head = ['POST /graphql HTTP/1.1', 'host: localhost', JSON_TYPE, ...lines]
  return { kind: `framing ${lines.join(', ')}`, chunks: [Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'utf8')] }
}

function chunked(source: HttpSource, random: Random): Exchange {
  const head = Buffer.from(
    `POST /graphql HTTP/1.1\r\nhost: localhost\r\n${JSON_TYPE}\r\n${CLOSE}\r\ntransfer-encoding: chunked\r\n\r\n`,
  )
  const bytes = Buffer.from(requestOf(source, random))
  const size = 1 + upTo(bytes.length, random)
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length; from += size) {
    const piece = bytes.subarray(from, from + size)
    const told =
      random() < 0.95 ? piece.length.toString(16) : pick(['0', '-1', 'g', 'ffffffffffffffff', '', '1 ', '0x5'], random)
    const extension = random() < 0.9 ? '' : `;${'x'.repeat(upTo(5_000, random))}=${pick(['"', 'y', ''], random)}`
    pieces.push(
      Buffer.concat([Buffer.from(`${told}${extension}\r\n`), piece, Buffer.from(random() < 0.97 ? '\r\n' : '\n')]),
    )
  }
  const end = pick(
    [
      '0\r\n\r\n',
      '0\r\n\r\n',
      '0\r\nx: y\r\ncontent-length: 5\r\n\r\n',
      `0\r\n${'t: u\r\n'.repeat(upTo(4_000, random))}\r\n`,
      '',
    ],
    random,
  )
  const chunks = [head, ...pieces.slice(0, 2_000), Buffer.from(end)]
  return { kind: 'chunked', chunks: random() < 0.5 ? chunks : [Buffer.concat(chunks)] }
}

function pipeline(source: HttpSource, random: Random): Exchange {
  const requests = Array.from({ length: 1 + upTo(60, random) }, () =>
    random() < 0.7 ? post(ASK, [JSON_TYPE]) : post(requestOf(source, random), [JSON_TYPE]),
  )
  const last = random() < 0.5 ? post(ASK, [JSON_TYPE, CLOSE]) : mutated(post(ASK, [JSON_TYPE]), random)
  return {
    kind: 'pipeline',
    chunks: [Buffer.concat([...requests, last])],
    ends: pick(['waits', 'half-closes', 'resets'], random),
  }
}

function halfClosed(source: HttpSource, random: Random): Exchange {
  const whole = post(hostileBody(source, random), [JSON_TYPE])
  const cut = random() < 0.4 ? whole : whole.subarray(0, Math.floor(random() * whole.length))
  const at = Math.floor(random() * cut.length)
  return {
    kind: 'unfinished',
    chunks: [cut.subarray(0, at), cut.subarray(at)],
    ends: pick(['waits', 'half-closes', 'resets'], random),
    pauseMs: upTo(20, random),
  }
}

/** Bodies that say they are packed, a small one that unpacks to much among them, and answers large enough to be packed. */
function coding(source: HttpSource, random: Random): Exchange {
  const large = '{ __schema { types { name fields { name type { name kind ofType { name } } } } } }'
  const [body, lines] = pickOf<[Buffer, string[]]>(
    [
      () => [gzipSync(Buffer.alloc(upTo(20_000_000, random), ' ')), ['content-encoding: gzip']],
      () => [gzipSync(requestOf(source, random)), ['content-encoding: gzip']],
      () => [
        randomBytes(upTo(200, random), random),
        [`content-encoding: ${pick(['br', 'zstd', 'deflate', 'x'], random)}`],
      ],
      () => [
        Buffer.from(JSON.stringify({ query: large })),
        [`accept-encoding: ${pick(['gzip', 'br', 'zstd', 'deflate'], random)}`],
      ],
    ],
    random,
  )
  return { kind: 'coding', chunks: [post(body, [...lines, JSON_TYPE, CLOSE])] }
}
