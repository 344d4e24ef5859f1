// Traces, as a collector receives them over OTLP/HTTP, and as subgraphs are told of them.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'graphql-ws'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { TracingConfig } from '../../platform/operating-config.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { openTracer, readTraceParent, type Tracer } from '../../platform/telemetry/tracer.ts'
import { startObserved, type ObservedGateway } from './observed-gateway.ts'

interface Attribute {
  readonly key: string
  readonly value: Record<string, unknown>
}
interface Sent {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly attributes: readonly Attribute[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

interface Collector {
  readonly url: string
  readonly spans: Sent[]
  readonly headers: IncomingHttpHeaders[]
  readonly resource: Record<string, unknown>
  close(): Promise<void>
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startCollector(status = 200): Promise<Collector> {
  const spans: Sent[] = []
  const headers: IncomingHttpHeaders[] = []
  const resource: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      headers.push({ ...request.headers, path: request.url })
      const sent = JSON.parse(body) as {
        resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Sent[] }[] }[]
      }
      for (const { resource: from, scopeSpans } of sent.resourceSpans) {
        Object.assign(resource, valuesOf(from.attributes))
        for (const scope of scopeSpans) spans.push(...scope.spans)
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, headers, resource, close }
}

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

const CONFIG: Omit<TracingConfig, 'endpoint'> = {
  headers: { 'x-key': 'k' },
  serviceName: 'gateway-of-test',
  resourceAttributes: { 'deployment.environment.name': 'test' },
  sampler: 'parentbased_always_on',
  samplerRatio: 1,
  eventRatio: 1,
}

interface Traced extends ObservedGateway {
  /** Sends what has ended. */
  readonly flush: () => Promise<void>
}

async function start(endpoint: string, more: Partial<TracingConfig> = {}): Promise<Traced & { told: string[] }> {
  const told: string[] = []
  const logger = createLogger({ level: 'warn', readable: false, write: (line) => void told.push(line) })
  const tracer = (await openTracer({ ...CONFIG, endpoint, ...more }, { clock: systemClock, logger })) as Tracer
  const observed = await startObserved({ tracer, log: { lines: 'off' } })
  closing.push(() => observed.close())
  return { ...observed, told, flush: () => tracer.close() }
}

const QUERY = 'query Shelves { books { title state } }'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`

test('an operation, its plan and its fetches are spans of the client’s trace, which goes on to subgraphs', async () => {
  const collector = await startCollector()
  closing.push(() => collector.close())
  const traced = await start(collector.url)
  await traced.ask({ query: QUERY }, { traceparent: PARENT, tracestate: 'a=b' })
  const { traceparent, tracestate } = traced.library.headers()
  await traced.flush()
  const byName = new Map(collector.spans.map((span) => [span.name, span]))
  const [operation, books] = [byName.get('query'), byName.get('fetch books')]
  expect([...byName.keys()].toSorted()).toEqual(['fetch books', 'fetch loans', 'plan', 'query'])
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))
  expect(operation?.parentSpanId).toBe('b7ad6b7169203331')
  for (const name of ['plan', 'fetch books', 'fetch loans']) {
    expect(byName.get(name)?.parentSpanId).toBe(operation?.spanId)
  }
  expect({ traceparent, tracestate }).toEqual({ traceparent: `00-${TRACE}-${books?.spanId}-01`, tracestate: 'a=b' })
  expect(valuesOf(operation?.attributes ?? [])).toMatchObject({
    'graphql.operation.name': 'Shelves',
    'graphql.operation.type': 'query',
    'meshgate.outcome': 'ok',
    'meshgate.fetches': 2,
  })
  expect(valuesOf(byName.get('plan')?.attributes ?? [])).toEqual({ 'meshgate.plan.cached': false })
  expect(valuesOf(byName.get('fetch loans')?.attributes ?? [])).toEqual({
    'meshgate.subgraph': 'loans',
    'meshgate.fetch.kind': 'lookup',
    'meshgate.fetch.lookups': 1,
  })
  expect(collector.resource).toMatchObject({
    'service.name': 'gateway-of-test',
    'deployment.environment.name': 'test',
  })
  expect(collector.headers[0]).toMatchObject({ path: '/v1/traces', 'x-key': 'k' })
})

test('what fails is an error in its span, with its code', async () => {
  const collector = await startCollector()
  closing.push(() => collector.close())
  const traced = await start(collector.url)
  await traced.ask({ query: '{ asked }' })
  await traced.ask({ query: '{ nothing }' })
  await traced.flush()
  const failed = collector.spans.filter(({ status }) => status.code === 2)
  expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
    ['fetch books', 'SUBGRAPH_ERROR'],
    ['query', 'SUBGRAPH_ERROR'],
    ['plan', 'refused'],
    ['graphql', expect.any(String)],
  ])
})

test('a trace that its client does not sample is not sampled here, and subgraphs are told so', async () => {
  const collector = await startCollector()
  closing.push(() => collector.close())
  const traced = await start(collector.url)
  await traced.ask({ query: QUERY }, { traceparent: PARENT.replace(/1$/, '0') })
  expect(traced.library.headers()['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  await traced.flush()
  expect(collector.spans).toEqual([])
})

test('an event of a subscription is a trace of its own, linked to its operation, with its fetches below it', async () => {
  const collector = await startCollector()
  closing.push(() => collector.close())
  const traced = await start(collector.url)
  const url = `${traced.gateway.url.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const asked = { query: 'subscription Lent { lent { title } }', extensions: { traceparent: PARENT } }
  const first = client.iterate(asked).next()
  await traced.library.subscribed
  traced.library.lend('2')
  await first
  await client.dispose()
  await traced.flush()
  const [operation, event, fetched] = ['subscription', 'event', 'fetch books'].map((name) =>
    collector.spans.find((span) => span.name === name),
  )
  expect(operation).toMatchObject({ traceId: TRACE, parentSpanId: 'b7ad6b7169203331' })
  expect(event?.links).toMatchObject([{ traceId: TRACE, spanId: operation?.spanId }])
  expect(event?.traceId).not.toBe(TRACE)
  expect(fetched).toMatchObject({ traceId: event?.traceId, parentSpanId: event?.spanId })
})

test('requests of different traces are still shared', async () => {
  const collector = await startCollector()
  closing.push(() => collector.close())
  const traced = await start(collector.url)
  await traced.ask({ query: QUERY })
  const { promise, resolve } = Promise.withResolvers<undefined>()
  traced.library.hold(promise)
  const before = traced.library.requests()
  const batch = traced.gateway.engine()
  const arrival = 0
  const answers = [1, 2, 3].map((id) =>
    batch.execute({
      query: '{ books { isbn } }',
      arrival,
      origin: { trace: { traceparent: PARENT.replace('c-b', `c-${id}`) } },
    }),
  )
  await expect.poll(() => traced.library.requests() - before).toBe(1)
  resolve(undefined)
  expect(new Set((await Promise.all(answers)).map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(traced.library.requests() - before).toBe(1)
})

test('a collector that refuses or is away costs no request, and is told of once', async () => {
  const collector = await startCollector(400)
  const traced = await start(collector.url)
  await traced.ask({ query: QUERY })
  await collector.close()
  const answers = await Promise.all(Array.from({ length: 20 }, () => traced.ask({ query: QUERY })))
  expect(answers.every((answer) => !('errors' in (answer as object)))).toBe(true)
  await traced.flush()
  expect(traced.told.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    `Traces cannot be sent to ${collector.url}/v1/traces: they are lost. Requests go on.`,
  ])
})

test('without a collector nothing is made', async () => {
  const logger = createLogger({ level: 'silent', readable: false, write: () => undefined })
  expect(await openTracer(null, { clock: systemClock, logger })).toBe(null)
})

test.each([
  [PARENT, true],
  [`cc-${TRACE}-b7ad6b7169203331-01-more`, true],
  [`${PARENT}-more`, false],
  [`ff-${TRACE}-b7ad6b7169203331-01`, false],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, false],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
  [`00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`, false],
  [7, false],
])('a traceparent of %s is one: %s', (text, isOne) => {
  expect(readTraceParent(text, undefined) !== undefined).toBe(isOne)
})
