// The topics over HTTP, on a real server and sockets.
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { BodyBudget } from '../../ingest/http/request-body.ts'
import { limits } from '../../platform/limits.ts'
import { allRecords, visibleRows, type TestPorts } from './open-ports.ts'
import { serveIngest, type ServedIngest } from './serve-ingest.ts'

const TOPIC = 'test.things'
const REST = 'application/vnd.kafka.json.v2+json'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function serve(): Promise<ServedIngest> {
  const served = await serveIngest()
  closing.push(() => served.close())
  return served
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function post(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': REST, ...headers },
  })
  return { status: response.status, body: await response.json() }
}

const stored = async (ports: TestPorts): Promise<(string | null)[][]> =>
  (await allRecords(ports.log, TOPIC))
    .map(({ key, value }) => [key, value].map((bytes) => (bytes === null ? null : Buffer.from(bytes).toString())))
    .toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))

test('appends posted records as they were sent, and answers with their offsets once they are durable', async () => {
  const { url, ports, caughtUp } = await serve()
  const exact = '{"id":"a","shelf":"s", "rank":1,"price":12345678901234567890.10}'
  const body = `{"ignored":[1,"]"],"records":[
    {"key":"a","value":${exact}},
    {"value":{"id":"b","shelf":"s","rank":2}},
    {"key":"c","value":null},
    {"value":{"id":"d","shelf":"s","rank":3},"key":null,"partition":1}
  ]}`
  const { status, body: answer } = await post(`${url}/topics/${TOPIC}`, body)
  expect({ status, answer }).toEqual({
    status: 200,
    answer: {
      offsets: Array.from({ length: 4 }, () => ({
        partition: expect.any(Number) as number,
        offset: expect.any(Number) as number,
        error_code: null,
        error: null,
      })),
      key_schema_id: null,
      value_schema_id: null,
    },
  })
  expect((answer as { offsets: { partition: number }[] }).offsets[3]?.partition).toBe(1)
  expect(await stored(ports)).toEqual([
    ['a', exact],
    ['b', '{"id":"b","shelf":"s","rank":2}'],
    ['c', null],
    ['d', '{"id":"d","shelf":"s","rank":3}'],
  ])
  await caughtUp()
  const [row] = (await visibleRows(ports.store, 'things')).filter(({ id }) => id === 'a')
  expect(row?.['price']).toBe('12345678901234567890.1')
})

test('takes binary records, NDJSON with its bad lines, and gzip', async () => {
  const { url, ports } = await serve()
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const binary = JSON.stringify({
    records: [{ key: base64('a'), value: base64('{"id":"a"}') }, { value: base64('{"id":"b"}') }],
  })
  const lines = Buffer.from('{"id":"c"}\n\nno json\n{"id":"d"}')
  const answers = [
    await post(`${url}/topics/${TOPIC}`, binary, { 'content-type': 'application/vnd.kafka.binary.v2+json' }),
    await post(`${url}/topics/${TOPIC}`, lines, { 'content-type': 'application/x-ndjson; charset=utf-8' }),
    await post(`${url}/topics/${TOPIC}`, gzipSync('{"records":[{"value":{"id":"e"}}]}'), {
      'content-encoding': 'gzip',
    }),
    await post(`${url}/topics/${TOPIC}`, '{"records":[]}', { 'content-type': 'application/json' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(await stored(ports)).toEqual([
    ['a', '{"id":"a"}'],
    ['b', '{"id":"b"}'],
    ['c', '{"id":"c"}'],
    ['d', '{"id":"d"}'],
    ['e', '{"id":"e"}'],
    [null, 'no json'],
  ])
})

test('names the topics, and leaves other paths alone', async () => {
  const { url } = await serve()
  const topics = await fetch(`${url}/topics`)
  expect([topics.status, await topics.json()]).toEqual([200, [TOPIC]])
  expect((await fetch(`${url}/topicsandmore`)).status).toBe(418)
  expect((await fetch(`${url}/topics/${TOPIC}`)).status).toBe(405)
  expect((await fetch(`${url}/topics`, { method: 'DELETE' })).status).toBe(405)
})

test('refuses what is no batch of records whole, in the form of REST Proxy with our code', async () => {
  const { url, ports } = await serve()
  const topic = `${url}/topics/${TOPIC}`
  const oversized = JSON.stringify({ id: 'x'.repeat(limits.recordBytesMax) })
  const cases = [
    [await post(`${url}/topics/${TOPIC}.changes`, '{"records":[]}'), 404, 40401, 'LOG_TOPIC_UNKNOWN'],
    [await post(topic, '{}', { 'content-type': 'text/plain' }), 415, 415, 'INGEST_REQUEST_UNSUPPORTED'],
    [await post(topic, '{}', { 'content-encoding': 'br' }), 415, 415, 'INGEST_REQUEST_UNSUPPORTED'],
    [await post(topic, '{"records":[{"value":{}}'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, '{"records":[{"value":{"id":1}},{"value":{"id":}}]}'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, '{"records":[]} x'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, '[]'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, '{"values":[]}'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, '{"records":[{"value":{"id":"a"},"partition":9}]}'), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, 'no gzip', { 'content-encoding': 'gzip' }), 422, 42206, 'INGEST_REQUEST_INVALID'],
    [await post(topic, `{"records":[{"value":${oversized}}]}`), 413, 41301, 'INGEST_REQUEST_TOO_LARGE'],
    [
      await post(topic, gzipSync(Buffer.alloc(limits.postBodyBytesMax + 1, ' ')), { 'content-encoding': 'gzip' }),
      413,
      41301,
      'INGEST_REQUEST_TOO_LARGE',
    ],
  ] as const
  for (const [{ status, body }, expectedStatus, errorCode, code] of cases) {
    expect({ status, body }).toEqual({
      status: expectedStatus,
      body: { error_code: errorCode, message: expect.any(String) as string, code },
    })
  }
  expect(await allRecords(ports.log, TOPIC)).toEqual([])
})

test('answers 413 to a body over the limit without reading it all', async () => {
  const { port } = await serve()
  const socket = connect(port, '127.0.0.1')
  closing.push(async () => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString()))
  socket.on('error', () => undefined)
  const head = `POST /topics/${TOPIC} HTTP/1.1\r\nhost: x\r\ncontent-type: ${REST}\r\n`
  // Announced, and not sent: the answer must not wait for it.
  socket.write(`${head}content-length: ${limits.postBodyBytesMax + 1}\r\n\r\n`)
  await new Promise((resolve) => socket.on('close', resolve))
  expect(answer).toContain('HTTP/1.1 413')
  expect(answer).toContain('connection: close')
})

test('stops reading a body that turns out to be over the limit', async () => {
  const { port } = await serve()
  const socket = connect(port, '127.0.0.1')
  closing.push(async () => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString()))
  socket.on('error', () => undefined)
  const answered = new Promise((resolve) => socket.once('data', resolve))
  socket.write(
    `POST /topics/${TOPIC} HTTP/1.1\r\nhost: x\r\ncontent-type: ${REST}\r\ntransfer-encoding: chunked\r\n\r\n`,
  )
  // Never ended: an answer shows that the rest was not waited for.
  const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`
  for (let megabytes = 0; megabytes < 9; megabytes += 1) socket.write(chunk)
  await answered
  expect(answer).toContain('HTTP/1.1 413')
})

test('lets requests wait for room in memory, and refuses them when too many wait', async () => {
  const budget = new BodyBudget()
  const releases = []
  for (let held = 0; held < limits.postBytesInFlightMax; held += limits.postBodyBytesMax) {
    releases.push(await budget.reserve(limits.postBodyBytesMax))
  }
  const waiting = Array.from({ length: limits.postRequestsWaitingMax }, () => budget.reserve(limits.postBodyBytesMax))
  await expect(budget.reserve(limits.postBodyBytesMax)).rejects.toMatchObject({ code: 'INGEST_OVERLOADED' })
  for (const release of releases) release()
  for (const turn of waiting) (await turn)()
  await budget.reserve(limits.postBodyBytesMax)
})

test('survives strings and nesting of megabytes', async () => {
  const { url, ports } = await serve()
  const topic = `${url}/topics/${TOPIC}`
  const long = JSON.stringify({ id: 'a', note: '\\"'.repeat(200_000) })
  expect((await post(topic, `{"records":[{"value":${long}}]}`)).status).toBe(200)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const answered = await post(topic, `{"records":[{"key":"deep","value":${deep}}]}`)
  expect([200, 422]).toContain(answered.status)
  expect((await stored(ports)).some(([, value]) => value === long)).toBe(true)
})
