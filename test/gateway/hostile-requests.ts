// Requests that nobody means well with, the same for the same seed: broken bytes, headers, URLs, bodies, documents and WebSocket frames.
import { connect } from 'node:net'

export type Random = () => number

export interface HostileRequest {
  readonly kind: string
  /** Sent one after the other on one connection. */
  readonly chunks: readonly Buffer[]
}

/** What came back until the server closed, stopped talking, or `waitMs` were over. */
export function send(port: number, { chunks }: HostileRequest, waitMs: number): Promise<string> {
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => chunks.forEach((chunk) => socket.write(chunk)))
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Buffer.concat(received).toString('utf8'))
    }
    const timer = setTimeout(done, waitMs)
    socket.on('data', (data) => received.push(data))
    socket.on('error', done)
    socket.on('close', done)
  })
}

const pick = <Item>(items: readonly [Item, ...Item[]], random: Random): Item =>
  items[Math.floor(random() * items.length)] ?? items[0]
const upTo = (max: number, random: Random): number => Math.floor(random() * max)
const bytes = (count: number, random: Random): Buffer =>
  Buffer.from(Array.from({ length: count }, () => upTo(256, random)))

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__typename', 'then', 'me', 'id'] as const

function document(random: Random): string {
  const name = pick(NAMES, random)
  const count = upTo(4_000, random)
  return pick(
    [
      `{ me { ${'manager { '.repeat(count)}id${' }'.repeat(count)} } }`,
      `{ me { ...A } } fragment A on User { manager { ...B } } fragment B on User { manager { ...A } }`,
      `{ ${Array.from({ length: count }, (_, index) => `a${index}: me { id }`).join(' ')} }`,
      `{ me { id ${'@include(if: true) '.repeat(count)} } }`,
      `{ me ${Array.from({ length: 100_000 }, () => '@a').join(' ')} { id } }`,
      `query ($${name}: ID!) { ${name}: user(id: $${name}) { ${name}: name constructor: email } }`,
      `{ ${name} { ${name} } }`,
      `{ user(id: ${'['.repeat(count)}1${']'.repeat(count)}) { id } }`,
      `{ user(id: 1${'0'.repeat(count)}) { id } topProducts(first: 1e999) { upc } }`,
      `{ user(id: "\\uD800 \\u{110000} ${'\u0000'}") { id } }`,
      `{ user(id: """${'"'.repeat(count)}""") { id } }`,
      `{ ${'...{'.repeat(count)} me { id } ${'}'.repeat(count)} }`,
      `{ me { ...F0 } } ${Array.from({ length: 60 }, (_, index) => `fragment F${index} on User { ...F${index + 1} ...F${index + 1} }`).join(' ')} fragment F60 on User { id }`,
      `\uFEFF{ me { id } }`,
      `${'#'.repeat(count)}\n{ me { name } }`,
      `subscription { ${name} }`,
      `mutation { count ${name}: count }`,
      String.fromCharCode(...Array.from({ length: 50 }, () => upTo(0xffff, random))),
    ],
    random,
  )
}

function body(random: Random): Buffer {
  const depth = upTo(200_000, random)
  const query = JSON.stringify(document(random))
  const text = pick(
    [
      `{"query":${query}}`,
      `{"query":${query},"variables":{"__proto__":{"x":1},"constructor":1e999,"id":"\\ud800"}}`,
      `{"query":"query($id: ID!){user(id:$id){id}}","variables":{"id":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
      `{"query":"query($id: ID!){user(id:$id){id}}","variables":{"id":1e999}}`,
      `{"query":"{me{id}}","query":${query},"operationName":{"a":1}}`,
      `{"query":"{me{id}}","extensions":{"persistedQuery":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}}`,
      `{"__proto__":{"query":"{me{id}}"}}`,
      `{"documentId":"__proto__"}`,
      `{"documentId":"../../../../etc/passwd","query":${query}}`,
      `{"documentId":${depth},"extensions":null}`,
      `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"__proto__"}}}`,
      `{"query":${query},"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${'0'.repeat(64)}"}}}`,
      `{"extensions":{"persistedQuery":{"version":{"a":1},"sha256Hash":["a"]}}}`,
      `{"query":"query($j:[ID!]){user(id:1){id}}","variables":{"j":[${'1,'.repeat(2_000)}1]}}`,
      `{"query":"{me{id ...F}} ${'fragment F on User{id} '.repeat(1_500)}"}`,
      `\uFEFF{"query":"{me{name}}"}`,
      `[${'{"query":"{me{id}}"},'.repeat(50)}{}]`,
      'null',
      '"',
      '',
    ],
    random,
  )
  const whole = Buffer.from(text)
  return random() < 0.2 ? mutate(whole.subarray(0, 2_000), random) : whole
}

function mutate(source: Buffer, random: Random): Buffer {
  const parts = [...source]
  for (let count = 1 + upTo(8, random); count > 0; count--) {
    const at = upTo(parts.length, random)
    if (random() < 0.4) parts[at] = upTo(256, random)
    else if (random() < 0.5) parts.splice(at, 1 + upTo(20, random))
    else parts.splice(at, 0, ...bytes(upTo(20, random), random))
  }
  return Buffer.from(parts)
}

function post(payload: Buffer, extra = ''): Buffer {
  const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${payload.length}\r\n${extra}\r\n`
  return Buffer.concat([Buffer.from(head), payload])
}

const CLOSE = 'Connection: close\r\n'

function headers(random: Random): Buffer {
  const extra = pick(
    [
      Array.from({ length: upTo(3_000, random) }, (_, index) => `X-${index}: y\r\n`).join(''),
      `X: ${'y'.repeat(upTo(60_000, random))}\r\n`,
      'Host: y\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: 5\r\n',
      'Expect: 100-continue\r\n',
      'Expect: nonsense\r\n',
      `Accept: ${'a/b;q=1,'.repeat(upTo(1_000, random))}\r\n`,
      'Accept: application/json;q=NaN, */*;q=-1\r\n',
      'Content-Type: ; ;charset=\r\n',
      'Origin: null\r\nAccess-Control-Request-Method: \u00ff\r\n',
      'Upgrade: h2c\r\nConnection: Upgrade\r\n',
    ],
    random,
  )
  return post(Buffer.from('{"query":"{me{name}}"}'), extra + CLOSE)
}

const EVENTS = 'Accept: text/event-stream\r\n'
const PARTS = 'Accept: multipart/mixed;subscriptionSpec=1.0\r\n'

function streams(random: Random): Buffer {
  const extra = pick(
    [
      EVENTS,
      PARTS,
      `${PARTS}Accept: application/json;q=0.1\r\n`,
      `Accept: ${'text/event-stream;q=0.1,'.repeat(upTo(400, random))}\r\n`,
      'Accept: multipart/mixed;subscriptionSpec="1.0";boundary="\r\n',
      `${EVENTS}Last-Event-ID: ${bytes(upTo(60, random), random).toString('base64')}\r\n`,
      `${EVENTS}Last-Event-ID: \xff\x01\r\n`,
      `${EVENTS}Connection: keep-alive\r\n`,
    ],
    random,
  )
  return random() < 0.3
    ? Buffer.from(
        `GET /graphql?query=${encodeURIComponent(document(random).toWellFormed()).slice(0, 12_000)} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n${extra}${CLOSE}\r\n`,
        'latin1',
      )
    : post(body(random), extra + CLOSE)
}

function batch(random: Random): Buffer {
  const entries = Array.from({ length: upTo(12, random) }, () => body(random).toString().slice(0, 20_000))
  const text = pick(
    [
      `[${entries.join(',')}]`,
      `[${entries.map(() => '{"query":"{me{name}}"}').join(',')}]`,
      `[${'['.repeat(upTo(50_000, random))}`,
      `[{"query":"{me{name}}"},${'[],'.repeat(3)}null]`,
      '[{"query":"mutation{count}"},{"query":"{me{name}}","variables":{"__proto__":1}},{"status":200}]',
      `[{"query":"{me{name}}"},{"query":${JSON.stringify(document(random))}}]`,
      ` \n[${'0,'.repeat(upTo(100_000, random))}0]`,
    ],
    random,
  )
  return post(Buffer.from(text), (random() < 0.2 ? EVENTS : '') + CLOSE)
}

function codings(random: Random): Buffer {
  const extra = pick(
    [
      `Accept-Encoding: ${'gzip;q=0.001,'.repeat(upTo(1_000, random))}br\r\n`,
      'Accept-Encoding: *;q=NaN, identity;q=0, __proto__, constructor;q=1\r\n',
      'Accept-Encoding: zstd, br, gzip, deflate\r\n',
      'Content-Encoding: gzip\r\n',
      'Content-Encoding: __proto__\r\nAccept-Encoding: constructor\r\n',
    ],
    random,
  )
  // The answer is introspection: large enough to be compressed, and repeated until compressions wait.
  const query = '{ __schema { types { name fields { name type { name kind ofType { name } } } } } }'
  return post(Buffer.from(JSON.stringify({ query })), extra + CLOSE)
}

function url(random: Random): Buffer {
  const path = pick(
    [
      '//[',
      '/%',
      '*',
      'http://[::1',
      '/graphql?query=%ff%fe&variables=%7B',
      `/graphql?query=${encodeURIComponent(document(random).toWellFormed()).slice(0, 12_000)}`,
      '/graphql?query={me{name}}&variables={"__proto__":1}&extensions=[]',
      '/..%2f..%2f..%2fetc/passwd',
      '/%00',
      `/${'a/'.repeat(upTo(7_000, random))}`,
      '/main.js%00.html',
    ],
    random,
  )
  const upgrade = random() < 0.3 ? 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n' : CLOSE
  return Buffer.from(
    `${pick(['GET', 'HEAD', 'OPTIONS', 'PUT', 'XYZ'], random)} ${path} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
  )
}

const UPGRADE = Buffer.from(
  'GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
)

/** A client's frame, masked with zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const head = payload.length < 126 ? Buffer.alloc(2) : payload.length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (head.length === 2 ? payload.length : head.length === 4 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, Buffer.alloc(4), payload])
}

function socketFrames(random: Random): Buffer[] {
  const message = (): Buffer => {
    const id = JSON.stringify(pick(NAMES, random))
    const query = JSON.stringify(document(random))
    const text = pick(
      [
        '{"type":"connection_init"}',
        `{"type":"subscribe","id":${id},"payload":{"query":${query}}}`,
        `{"type":"subscribe","id":${id},"payload":{"query":"{me{name}}","variables":{"__proto__":1}}}`,
        `{"type":"complete","id":${id}}`,
        '{"type":"ping","payload":{"__proto__":{}}}',
        '{"type":"__proto__"}',
        'null',
        '['.repeat(upTo(100_000, random)),
      ],
      random,
    )
    const choice = random()
    if (choice < 0.1) return mutate(frame(1, Buffer.from(text.slice(0, 500))), random)
    if (choice < 0.2) return bytes(upTo(40, random), random)
    return frame(choice < 0.25 ? upTo(16, random) : 1, Buffer.from(text))
  }
  const first = random() < 0.8 ? [frame(1, Buffer.from('{"type":"connection_init"}'))] : []
  return [UPGRADE, ...first, ...Array.from({ length: 1 + upTo(12, random) }, message)]
}

export function hostileRequest(random: Random): HostileRequest {
  const kinds: Record<string, () => Buffer[]> = {
    bytes: () => [mutate(post(Buffer.from('{"query":"{me{name}}"}')), random)],
    noise: () => [bytes(upTo(300, random), random)],
    body: () => [post(body(random), CLOSE)],
    headers: () => [headers(random)],
    url: () => [url(random)],
    streams: () => [streams(random)],
    batch: () => [batch(random)],
    codings: () => [codings(random)],
    pipeline: () =>
      Array.from({ length: upTo(200, random) }, () => post(Buffer.from('{"query":"{me{name reviews{id}}}"}'))),
    unfinished: () => {
      const whole = post(body(random))
      return [whole.subarray(0, upTo(whole.length, random))]
    },
    chunked: () => [
      Buffer.from(
        'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      ),
      Buffer.from(pick(['ffffffffff\r\n', '-1\r\n', '1;x=\r\na\r\n0\r\n\r\n', '5\r\n{}\r\n'], random)),
    ],
    socket: () => socketFrames(random),
  }
  const kind = pick(Object.keys(kinds) as [string, ...string[]], random)
  return { kind, chunks: kinds[kind]?.() ?? [] }
}
