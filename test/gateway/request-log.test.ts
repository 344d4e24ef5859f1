// The request log: which operations have a line, what stands in it, and what never does.
import { createHash } from 'node:crypto'
import { createClient } from 'graphql-ws'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createRequestLog, type LoggedOperation } from '../../gateway/observe/request-log.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { ManualClock } from '../manual-clock.ts'
import { ALL_LINES, startObserved, type ObservedGateway } from './observed-gateway.ts'

let observed: ObservedGateway | null = null
afterEach(async () => {
  await observed?.close()
  observed = null
})

const QUERY = 'query Shelves { books { title state } }'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const NUMBER = expect.any(Number) as number
const TIME = expect.any(String) as string

test('a line says what ran, for whom, how long it took and what was slowest', async () => {
  observed = await startObserved()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const client = { 'apollographql-client-name': 'web', 'apollographql-client-version': '1.2' }
  await observed.ask({ query: QUERY }, { ...client, traceparent })
  await observed.ask({ query: QUERY })
  const line = {
    level: 30,
    time: TIME,
    log: 'request',
    msg: 'operation',
    operation: 'Shelves',
    kind: 'query',
    document: sha256(QUERY),
    outcome: 'ok',
    durationMs: NUMBER,
    planMs: NUMBER,
    fetches: 2,
    slowest: { subgraph: expect.stringMatching(/^(books|loans)$/), ms: NUMBER },
  }
  expect(observed.lines).toEqual([
    { ...line, planCached: false, client: 'web', clientVersion: '1.2', traceId: '0af7651916cd43dd8448eb211c80319c' },
    { ...line, planCached: true },
  ])
})

test('a document that a hash stands for is named by its own, and one that nobody knows by none', async () => {
  observed = await startObserved()
  const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(QUERY) } }
  await observed.ask({ extensions })
  await observed.ask({ query: QUERY, extensions })
  await observed.ask({ extensions })
  expect(observed.lines.map(({ outcome, operation, document }) => [outcome, operation, document])).toEqual([
    ['refused', undefined, undefined],
    ['ok', 'Shelves', sha256(QUERY)],
    ['ok', 'Shelves', sha256(QUERY)],
  ])
})

test('no value of a variable and no literal of a document is written, whatever becomes of the operation', async () => {
  observed = await startObserved()
  const secrets = ['hunter2', 'swordfish']
  const mutation = 'mutation M($isbn: ID!) { a: lend(isbn: $isbn) { isbn } b: lend(isbn: "swordfish") { isbn } }'
  await observed.ask({ query: mutation, variables: { isbn: 'hunter2' } })
  await observed.ask({ query: mutation, variables: { isbn: { hunter2: 'hunter2' } } })
  await observed.ask({ query: '{ books(isbn: "swordfish") { title } }' })
  await observed.ask({ query: '{ books "swordfish" }' })
  expect(observed.lines).toHaveLength(4)
  for (const secret of secrets) expect(observed.written.join('')).not.toContain(secret)
})

test('what went wrong is a warning with its codes, and what was refused says so', async () => {
  observed = await startObserved()
  await observed.ask({ query: '{ asked }' })
  await observed.ask({ query: '{ nothing }' })
  expect(observed.lines).toMatchObject([
    { level: 40, kind: 'query', outcome: 'partial', errors: 1, codes: ['SUBGRAPH_ERROR'] },
    { level: 30, kind: 'unknown', outcome: 'refused', errors: 1, document: sha256('{ nothing }'), fetches: 0 },
  ])
})

test('a subscription has a line at its start, and one at its end with its events and why it ended', async () => {
  observed = await startObserved()
  const client = createClient({
    url: `${observed.gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  })
  const events = client.iterate({ query: 'subscription Lent { lent { isbn } }' })
  const first = events.next()
  await observed.library.subscribed
  observed.library.lend('1')
  await first
  await events.return?.()
  const { lines } = observed
  await expect.poll(() => lines.length).toBe(2)
  expect(lines).toMatchObject([
    { msg: 'subscription started', operation: 'Lent', kind: 'subscription', outcome: 'ok' },
    { msg: 'subscription ended', operation: 'Lent', reason: 'left', events: 1, durationMs: NUMBER },
  ])
  await client.dispose()
})

test('a request that no operation was read from has a line, with the address of nobody in particular as a hash', async () => {
  observed = await startObserved()
  const { url } = observed.gateway
  const response = await fetch(`${url}/graphql`, { method: 'PUT', headers: { 'graphql-client-name': 'web' } })
  expect(response.status).toBe(405)
  const refused = { level: 30, time: TIME, log: 'request', msg: 'refused', via: 'http', method: 'PUT', status: 405 }
  expect(observed.lines).toEqual([
    { ...refused, codes: ['REQUEST_INVALID'], address: expect.stringMatching(/^[\w-]{22}$/) as string, client: 'web' },
  ])
})

test('such lines are few unless all are wanted: one a minute of a kind, with how many there were', () => {
  const request = { via: 'http', method: 'POST', principal: ANONYMOUS, address: '1.1.1.1', origin: undefined } as const
  const clock = new ManualClock()
  const { log, lines } = writer({ lines: 'slow', principal: 'plain' }, 0, clock)
  const refuse = (status: number): void => log?.refused({ ...request, status, code: 'REQUEST_INVALID' })
  for (let times = 0; times < 5; times += 1) refuse(405)
  refuse(413)
  clock.advance(limits.failureLogIntervalMs)
  refuse(405)
  expect(lines.map(({ status, untold, address }) => [status, untold, address])).toEqual([
    [405, undefined, '1.1.1.1'],
    [413, undefined, '1.1.1.1'],
    [405, 4, '1.1.1.1'],
  ])
})

function writer(config: Partial<typeof ALL_LINES>, random = 0, clock = new ManualClock()) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  const logger = createLogger({ level: 'info', readable: false, write })
  const key = new Uint8Array(32).fill(1)
  const log = createRequestLog({ config: { ...ALL_LINES, ...config }, logger, key, random: () => random, clock })
  return { log, lines }
}

const OPERATION: LoggedOperation = {
  kind: 'query',
  name: 'A',
  hash: () => 'f00d',
  documentId: undefined,
  cost: undefined,
  principal: { ...ANONYMOUS, subject: 'anna@example.com' },
  origin: undefined,
  traceId: undefined,
}
const ANSWER = {
  outcome: 'ok',
  durationMs: 10,
  codes: [] as readonly string[],
  planMs: 1,
  planCached: true,
  fetches: 1,
  slowest: undefined,
} as const

test.each([
  { lines: 'slow', durationMs: 99, codes: [], written: 0 },
  { lines: 'slow', durationMs: 100, codes: [], written: 1 },
  { lines: 'slow', durationMs: 1, codes: ['SUBGRAPH_ERROR'], written: 0 },
  { lines: 'slow', durationMs: 1, codes: ['INTERNAL'], written: 1 },
  { lines: 'all', durationMs: 1, codes: [], written: 1 },
] as const)('$lines: an operation of $durationMs ms with $codes has $written lines', (given) => {
  const { log, lines } = writer({ lines: given.lines, slowMs: 100 })
  log?.answered(OPERATION, { ...ANSWER, durationMs: given.durationMs, codes: given.codes })
  expect(lines).toHaveLength(given.written)
})

test('a sample leaves out only what is neither slow nor failed', () => {
  const { log, lines } = writer({ sample: 0.5, slowMs: 100 }, 0.7)
  log?.answered(OPERATION, ANSWER)
  log?.answered(OPERATION, { ...ANSWER, durationMs: 100 })
  log?.answered(OPERATION, { ...ANSWER, codes: ['INTERNAL'] })
  expect(lines.map(({ level }) => level)).toEqual([30, 50])
})

test('nothing is made of it where it is off', () => {
  expect(writer({ lines: 'off' }).log).toBe(null)
})

test('the subject is hashed by a key, plain where the setting says so, and left out where it is off', () => {
  const told = (['hashed', 'plain', 'off'] as const).map((principal) => {
    const { log, lines } = writer({ principal })
    log?.answered(OPERATION, ANSWER)
    log?.answered({ ...OPERATION, principal: ANONYMOUS }, ANSWER)
    return lines.map((line) => line['principal'])
  })
  expect(told).toEqual([
    [expect.stringMatching(/^[\w-]{22}$/), undefined],
    ['anna@example.com', undefined],
    [undefined, undefined],
  ])
})
