// Records that are posted to topics, and the routes beside them: bodies that are none of the forms, odd keys and values, packed bombs.
import { gzipSync } from 'node:zlib'
import {
  deepJson,
  mutated,
  ODD_NAMES,
  ODD_VALUES,
  oddText,
  pick,
  pickOf,
  randomBytes,
  upTo,
  type Random,
} from '../choices.ts'
import type { Exchange } from '../exchange.ts'
import { post } from '../http/http-requests.ts'

export interface RecordSource {
  /** Topics that may be filled with anything. */
  readonly topics: readonly string[]
}

const TYPES = [
  'application/vnd.kafka.json.v2+json',
  'application/vnd.kafka.binary.v2+json',
  'application/x-ndjson',
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  ';;;',
] as const

export function hostileRecords({ topics }: RecordSource, random: Random): Exchange {
  const topic = topics[Math.floor(random() * topics.length)] ?? 'none'
  if (random() < 0.25) return route(topic, random)
  const path = `/topics/${random() < 0.92 ? topic : pick(['none', '%', '__proto__', '..%2f..', `${topic}.changes`, `${topic}.rejected`], random)}`
  const type = `content-type: ${pick(TYPES, random)}`
  const body = bodyOf(random)
  if (random() < 0.15)
    return {
      kind: 'packed records',
      chunks: [post(packed(body, random), ['content-encoding: gzip', type, 'connection: close'], path)],
    }
  const sent = post(body, [type, pick(['connection: close', 'x: y'], random)], path)
  const whole = random() < 0.85 ? sent : sent.subarray(0, Math.floor(random() * sent.length))
  return { kind: 'records', chunks: [whole], ends: pick(['waits', 'waits', 'half-closes', 'resets'], random) }
}

function packed(body: Buffer, random: Random): Buffer {
  return pickOf(
    [
      () => gzipSync(body),
      () => mutated(gzipSync(body), random),
      () => gzipSync(body).subarray(0, upTo(40, random)),
      () => gzipSync(Buffer.alloc(upTo(30_000_000, random), '\n')),
      () => gzipSync(gzipSync(Buffer.alloc(10_000_000))),
      () => body,
    ],
    random,
  )
}

function bodyOf(random: Random): Buffer {
  const value = pick(ODD_VALUES, random)
  const name = pick(ODD_NAMES, random)
  const record = (): string =>
    pickOf(
      [
        () => `{"key":${value},"value":${pick(ODD_VALUES, random)}}`,
        () => `{"value":{"${name}":${value},"id":${JSON.stringify(oddText(random))}}}`,
        () => `{"key":"k","value":"${randomBytes(upTo(60, random), random).toString('base64')}"}`,
        () => `{"key":"k","value":${deepJson(upTo(30_000, random), random)}}`,
        () => `{"key":"k","value":null,"partition":${value}}`,
        () => `{"__proto__":${value},"value":{}}`,
        () => value,
      ],
      random,
    )
  const records = Array.from({ length: upTo(30, random) }, record)
  return pickOf(
    [
      () => Buffer.from(`{"records":[${records.join(',')}]}`),
      () => Buffer.from(`{"records":[${records.join(',')}]}`),
      () => mutated(Buffer.from(`{"records":[${records.join(',')}]}`), random),
      () => Buffer.from(records.join(pick(['\n', '\r\n', '\n\n', '\0'], random))),
      () => Buffer.from(`{"records":${value}}`),
      () => Buffer.from(`{"records":[${'{"value":1},'.repeat(upTo(5_000, random))}{"value":1}]}`),
      () => Buffer.from(deepJson(upTo(200_000, random), random)),
      () => Buffer.from('"'.repeat(upTo(2_000, random))),
      () => Buffer.alloc(upTo(1_500_000, random), 'x'),
      () => randomBytes(upTo(500, random), random),
    ],
    random,
  )
}

function route(topic: string, random: Random): Exchange {
  const path = pick(
    [
      '/topics',
      `/topics/${topic}`,
      '/ingest',
      `/ingest/rejected/${topic}`,
      `/ingest/rejected/${topic}?limit=-1&after=${pick(['x', '0:0', '__proto__', '%ff'], random)}`,
      `/ingest/rejected/${topic}?code=${encodeURIComponent(oddText(random).toWellFormed()).slice(0, 2_000)}`,
      '/ingest/rejected/%',
      '/ingest/replays',
      '/ingest/redrives',
      '/ingest/__proto__',
      '/metrics?x',
      '/subgraphs',
    ],
    random,
  )
  const line = `${pick(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'], random)} ${path} HTTP/1.1`
  const head = Buffer.from(`${line}\r\nhost: localhost\r\nconnection: close\r\n\r\n`, 'latin1')
  // A POST to redrives and replays would be work that is asked for, not an attack.
  return { kind: `route ${line}`, chunks: [head], isHead: line.startsWith('HEAD') }
}
