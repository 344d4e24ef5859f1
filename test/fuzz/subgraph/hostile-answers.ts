// What a hostile subgraph answers over HTTP: JSON that is not what was asked for, and HTTP that is none.
import { gzipSync } from 'node:zlib'
import type { SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import { damageAnswer, type DamageKind } from '../../federation/broken-answers/damage.ts'
import { deepJson, mutated, ODD_NAMES, ODD_VALUES, pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'

export interface WireAnswer {
  readonly pieces: readonly Buffer[]
  /** Between two pieces. */
  readonly pauseMs: number
  readonly ends: 'stays' | 'closes' | 'resets'
}

const HTML = '<html><body>502 Bad Gateway</body></html>'
const JSON_TYPE = 'content-type: application/json'
const KINDS: readonly DamageKind[] = ['whole', 'errors', 'nulled', 'loud', 'silent']
const TYPE_NAMES = ['User', 'Product', 'Review', 'Device', 'Node', 'Query', 'Nothing', '__proto__'] as const

/** `good`: what it should answer. */
export function hostileAnswer(good: SubgraphResponse, random: Random): WireAnswer {
  if (random() < 0.7) {
    const body = hostileJson(good, random)
    return { pieces: cut(http(body, [oddType(random)]), random), pauseMs: 0, ends: random() < 0.8 ? 'stays' : 'closes' }
  }
  const pieces = cut(hostileHttp(Buffer.from(JSON.stringify(good)), random), random)
  return { pieces, pauseMs: random() < 0.1 ? upTo(30, random) : 0, ends: pick(['stays', 'closes', 'resets'], random) }
}

export function http(body: Buffer | string, fields: readonly string[] = [JSON_TYPE], status = '200 OK'): Buffer {
  const bytes = Buffer.from(body)
  const head = [`HTTP/1.1 ${status}`, ...fields, `content-length: ${bytes.length}`]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])
}

/** In one piece, in some, or byte by byte. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const size = pickOf(
    [() => bytes.length, () => bytes.length, () => 1 + upTo(bytes.length, random), () => 1 + upTo(40, random)],
    random,
  )
  const pieces: Buffer[] = []
  for (let from = 0; from < bytes.length && pieces.length < 200; from += size)
    pieces.push(bytes.subarray(from, from + size))
  const sent = pieces.length * size
  return sent < bytes.length ? [...pieces, bytes.subarray(sent)] : pieces
}

function oddType(random: Random): string {
  if (random() < 0.8) return JSON_TYPE
  return pick(
    [
      'content-type: text/html',
      'content-type: application/graphql-response+json; charset=utf-8',
      'content-type: application/json; charset=utf-16',
      'content-type: ;;;',
      'x: y',
      'meshgate-whole: 1',
      'content-type: text/event-stream',
    ],
    random,
  )
}

export function hostileJson(good: SubgraphResponse, random: Random): Buffer {
  const text = JSON.stringify(good)
  const value = pick(ODD_VALUES, random)
  const name = pick(ODD_NAMES, random)
  return pickOf(
    [
      () => damageAnswer(good, KINDS, { random, typeNames: TYPE_NAMES }).bytes,
      () => damageAnswer(good, KINDS, { random, typeNames: TYPE_NAMES }).bytes,
      () => damageAnswer(good, KINDS, { random, typeNames: TYPE_NAMES }).bytes,
      () => mutated(Buffer.from(text), random),
      () => Buffer.from(withEntities(good, random)),
      () =>
        Buffer.from(
          text.replace(/"__typename":"\w+"/g, () => `"__typename":${JSON.stringify(pick(TYPE_NAMES, random))}`),
        ),
      () =>
        Buffer.from(text.replace(/:"[^"]*"/g, (found) => (random() < 0.3 ? `:${pick(ODD_VALUES, random)}` : found))),
      () =>
        Buffer.from(
          text.replace(/"(\w+)":/g, (found) =>
            random() < 0.2 ? `${found}${value},"${name}":${value},${found}` : found,
          ),
        ),
      () => Buffer.from(`{"data":${deepJson(upTo(120_000, random), random)}}`),
      () => Buffer.from(`{"data":{"me":{"name":${deepJson(upTo(20_000, random), random)}}}}`),
      () => Buffer.from(`{"data":${value},"errors":${value},"extensions":${value}}`),
      () => Buffer.from(`{"errors":[${errorText(random)}],"data":${text.slice(8, -1)}}`),
      () =>
        Buffer.from(
          `{"data":null,"errors":[${`${errorText(random)},`.repeat(upTo(3_000, random))}${errorText(random)}]}`,
        ),
      () => Buffer.from(`{"data":{"me":{"id":"u1","name":"${'x'.repeat(upTo(3_000_000, random))}"}}}`),
      () => Buffer.from(`{"data":{"users":[${'{"id":"u1","__typename":"User"},'.repeat(upTo(20_000, random))}null]}}`),
      () =>
        Buffer.concat([Buffer.from('{"data":{"me":{"id":"u1","name":"'), randomBytes(20, random), Buffer.from('"}}}')]),
      () => Buffer.from(`\ufeff${text}`),
      () => Buffer.from(value),
    ],
    random,
  )
}

/** Lists of entities that are longer, shorter or other than what was asked for. */
function withEntities(good: SubgraphResponse, random: Random): string {
  const { data } = good as { data?: { _entities?: unknown[] } | null }
  const entities = data?._entities ?? [{ __typename: 'User', id: 'u1' }]
  const changed = pick(
    [
      entities.slice(1),
      [...entities, ...entities],
      entities.toReversed(),
      [],
      entities.map(() => null),
      [entities],
      entities.map((_, index) => index),
      Array.from({ length: 6_000 }, () => entities[0]),
      { length: 1 },
      'x',
    ],
    random,
  )
  return JSON.stringify({ data: { ...data, _entities: changed } })
}

function errorText(random: Random): string {
  const value = pick(ODD_VALUES, random)
  return pick(
    [
      value,
      `{"message":${value},"path":${value},"locations":${value},"extensions":${value}}`,
      `{"message":"x","path":["_entities",${value},"name"]}`,
      `{"message":"x","path":[${'"me",'.repeat(2_000)}0]}`,
      `{"message":"x","extensions":{"code":${value},"__proto__":{"a":1}}}`,
      `{"message":"x","extensions":${deepJson(upTo(5_000, random), random)}}`,
    ],
    random,
  )
}

/** `body`: the right one. */
function hostileHttp(body: Buffer, random: Random): Buffer {
  const many = upTo(4_000, random)
  const whole = http(body)
  return pickOf(
    [
      () => mutated(whole, random),
      () => randomBytes(upTo(500, random), random),
      () => whole.subarray(0, Math.floor(random() * whole.length)),
      () => Buffer.concat([whole, whole]),
      () => Buffer.concat([whole, randomBytes(20, random)]),
      () =>
        http(
          body,
          [JSON_TYPE],
          pick(
            [
              '500 Oops',
              '404 Not Found',
              '302 Found',
              '204 No Content',
              '304 x',
              '999 x',
              '101 Switching Protocols',
              '200',
            ],
            random,
          ),
        ),
      () => http(HTML, ['content-type: text/html'], '502 Bad Gateway'),
      () => http(body, [JSON_TYPE, `content-length: ${pick(['5', '-1', '99999999999', '1e9', '67108865'], random)}`]),
      () => http(body, [JSON_TYPE, 'transfer-encoding: chunked']),
      () => http(gzipSync(Buffer.alloc(upTo(5_000_000, random), ' ')), [JSON_TYPE, 'content-encoding: gzip']),
      () => http(body, [JSON_TYPE, `x: ${'y'.repeat(many * 10)}`]),
      () => http(body, [JSON_TYPE, ...Array.from({ length: many }, (_, index) => `x-${index}: y`)]),
      () => http(body, ['bad header', JSON_TYPE, 'x:\0']),
      () =>
        http(body, [
          JSON_TYPE,
          `keep-alive: timeout=${pick(['0', '-1', '999999999', 'x'], random)}`,
          'connection: keep-alive, close',
        ]),
      () => Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(upTo(40, random))), whole]),
      () => chunkedAnswer(body, random),
      () => chunkedAnswer(body, random),
      () => Buffer.concat([Buffer.from(`HTTP/1.0 200 OK\r\n${JSON_TYPE}\r\n\r\n`), body]),
      () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]),
      () => Buffer.alloc(0),
      () => Buffer.from('HTTP/1.1 200 OK\r\n'),
      () => Buffer.alloc(40_000, 'H'),
    ],
    random,
  )
}

function chunkedAnswer(body: Buffer, random: Random): Buffer {
  const pieces = [Buffer.from(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n`)]
  const size = 1 + upTo(body.length, random)
  for (let from = 0; from < body.length; from += size) {
    const piece = body.subarray(from, from + size)
    const told =
      random() < 0.95 ? piece.length.toString(16) : pick(['', '-1', 'zz', 'fffffffff', '0', '0000000a'], random)
    const extension = random() < 0.9 ? '' : `;${'e'.repeat(upTo(2_000, random))}`
    pieces.push(Buffer.concat([Buffer.from(`${told}${extension}\r\n`), piece, Buffer.from('\r\n')]))
  }
  pieces.push(
    Buffer.from(
      pick(['0\r\n\r\n', `0\r\n${'t: u\r\n'.repeat(upTo(9_000, random))}\r\n`, '0\r\nbad\r\n\r\n', ''], random),
    ),
  )
  return Buffer.concat(pieces)
}
