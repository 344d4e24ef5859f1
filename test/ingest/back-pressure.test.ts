// Back-pressure from the store to whoever sends: a slow store slows its consumer and nothing grows, posts are told to come later, loads
// wait; and what stands still in one partition holds nobody else.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { ingestRoutes } from '../../cli/ingest-routes.ts'
import { sendRecords } from '../../cli/send-file.ts'
import { TopicBacklog } from '../../ingest/http/topic-backlog.ts'
import { loadFile } from '../../ingest/load/load-file.ts'
import { startIngest, type Ingest, type IngestLogger, type IngestOptions } from '../../ingest/main.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { GENERATIONS_TABLE } from '../../platform/table-generations.ts'
import { limits } from '../../platform/limits.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { ManualClock } from '../manual-clock.ts'
import { allRecords, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct, testTable } from './test-products.ts'

const TOPIC = 'test.things'
/** One table, written without reading. */
const product = testProduct({ tables: [testTable('things', 'id')], readsBase: false })
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  await ports.log.createTopics(emitTopics(product))
  return ports
}

async function started(ports: TestPorts, options: Partial<IngestOptions> = {}): Promise<Ingest> {
  const ingest = await startIngest({ products: [product], ...ports, sweep: false, ...options })
  closing.push(() => ingest.close())
  return ingest
}

function message(id: string, partition: number): AppendRecord {
  const value = Buffer.from(JSON.stringify({ id, shelf: 's', rank: 1, note: 'x'.repeat(100) }))
  return { key: Buffer.from(id), value, partition }
}

const messages = (count: number, partition: number): AppendRecord[] =>
  Array.from({ length: count }, (_, index) => message(`${partition}-${index}`, partition))

/** The store with writes of the product's tables going through `write` first. */
function writingThrough(store: Store, write: (writes: readonly Write[]) => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        const writes = name === 'write' ? (parameters[0] as readonly Write[]) : []
        // Not what a start keeps of its own in the store.
        if (writes.some(({ table }) => table !== GENERATIONS_TABLE.name)) await write(writes)
        return Reflect.apply(member, target, parameters) as unknown
      }
    },
  })
}

async function appendAll(ports: TestPorts, records: readonly AppendRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += 5_000)
    await ports.log.append(TOPIC, records.slice(from, from + 5_000))
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

test('a store that takes a second a write slows its consumer, and what waits stays in the log', async () => {
  const ports = await open()
  for (const partition of [0, 1]) await appendAll(ports, messages(50_000, partition))
  let isSlow = true
  let inHand = 0
  let inHandMax = 0
  let writes = 0
  const store = writingThrough(ports.store, async (rows) => {
    inHand += rows.length
    inHandMax = Math.max(inHandMax, inHand)
    writes += 1
    if (isSlow) await ports.clock.sleep(1_000)
    inHand -= rows.length
  })
  const before = heapBytes()
  const ingest = await started(ports, { store })
  const heaps: number[] = []
  for (let wanted = 3; wanted <= 9; wanted += 3) {
    await expect.poll(() => writes).toBeGreaterThanOrEqual(wanted)
    heaps.push(heapBytes() - before)
  }
  expect(Object.values(await ingest.lag())[0]).toBeGreaterThan(10_000)
  // The first to have a batch in hand takes the log's whole share, the second half of it.
  expect(inHandMax).toBeLessThanOrEqual(1.5 * limits.logBatchRecordsMax)
  const bound = 2 * 4 * limits.consumeBatchBytesMax
  expect(heaps.filter((bytes) => bytes > bound)).toEqual([])
  isSlow = false
  await ingest.caughtUp()
  expect(ingest.counts()).toEqual({ 'test/things': { written: 100_000, rejected: 0 } })
})

async function served(ingest: Ingest): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      for (const route of ingestRoutes(ingest)) if (await route(request, response)) return
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a post is told to come later while too many records wait, nothing of it is taken, and later it is taken', async () => {
  const ports = await open()
  const back = Promise.withResolvers<void>()
  const store = writingThrough(ports.store, () => back.promise)
  const ingest = await started(ports, { store, lagRecordsMax: 10 })
  const url = await served(ingest)
  const post = async (): Promise<unknown[]> => {
    const response = await fetch(`${url}/topics/${TOPIC}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records: [1, 2, 3, 4, 5].map((id) => ({ value: { id: `${id}`, shelf: 's', rank: 1 } })) }),
    })
    const { code, error_code } = (await response.json()) as { code?: string; error_code?: number }
    return [response.status, response.headers.get('retry-after'), code, error_code]
  }
  const taken = [200, null, undefined, undefined]
  expect([await post(), await post()]).toEqual([taken, taken])
  const refused = await post()
  expect(refused).toEqual([429, String(limits.retryAfterSecondsUnknown), 'INGEST_BEHIND', 42_902])
  expect((await allRecords(ports.log, TOPIC)).length).toBe(10)
  back.resolve()
  await ingest.caughtUp()
  await expect.poll(post).toEqual(taken)
})

test('when a client is asked to come again follows from how fast ingest is', async () => {
  const clock = new ManualClock()
  let lag = 100_000
  const backlog = new TopicBacklog({ clock, lagOf: async () => lag, recordsMax: 10_000 })
  const refused = async (): Promise<string> => {
    const error = await backlog.admit(TOPIC, 1).then(
      () => null,
      (reason: unknown) => reason,
    )
    return error instanceof MeshgateError ? error.code : 'admitted'
  }
  expect([await refused(), backlog.retryAfterSeconds(TOPIC)]).toEqual(['INGEST_BEHIND', 5])
  clock.advance(1_000)
  lag = 90_000
  expect(await refused()).toBe('INGEST_BEHIND')
  await Promise.resolve()
  expect(backlog.retryAfterSeconds(TOPIC)).toBe(9)
  clock.advance(1_000)
  lag = 0
  expect(await refused()).toBe('INGEST_BEHIND')
  await Promise.resolve()
  expect(await refused()).toBe('admitted')
})

test('a load through a running process waits while it is told to, and sends everything once', async () => {
  const ports = await open()
  let isSlow = true
  const store = writingThrough(ports.store, async () => {
    if (isSlow) await ports.clock.sleep(300)
  })
  const ingest = await started(ports, { store, lagRecordsMax: 1_500 })
  const url = await served(ingest)
  const told: string[] = []
  const terminal = {
    print: () => undefined,
    report: (text: string) => void told.push(text),
    interactive: false,
    columns: 80,
  }
  async function* records() {
    for (let index = 0; index < 4_000; index++) {
      if (index === 3_500) isSlow = false
      yield {
        key: Buffer.from(`r${index}`),
        value: Buffer.from(JSON.stringify({ id: `r${index}`, shelf: 's', rank: index })),
      }
    }
  }
  const context = { environment: {}, terminal, input: async () => '', stop: new AbortController().signal }
  const sent = await sendRecords({ url, product, topic: TOPIC, records: records(), context, estimate: () => null })
  expect(sent).toMatchObject({ records: 4_000, written: 4_000, rejected: 0 })
  expect((await allRecords(ports.log, TOPIC)).length).toBe(4_000)
})

test('a load into the topic waits for ingest as well', async () => {
  const ports = await open()
  const back = Promise.withResolvers<void>()
  const store = writingThrough(ports.store, () => back.promise)
  const ingest = await started(ports, { store })
  const count = 3 * limits.loadMarkRecords
  const records = async function* () {
    for (let index = 0; index < count; index++) yield { value: { id: `r${index}`, shelf: 's', rank: index } }
  }
  const source = { kind: 'records', contentHash: 'x', records } as const
  const loading = loadFile({
    product,
    name: 'x',
    source,
    log: ports.log,
    clock: ports.clock,
    ingest,
    lagRecordsMax: 5_000,
  })
  const appended = async (): Promise<number> =>
    (await ports.log.offsets(TOPIC)).reduce((sum, { next }) => sum + next, 0)
  await expect.poll(appended).toBeGreaterThanOrEqual(limits.loadMarkRecords)
  await ports.clock.sleep(2 * limits.topicLagPollMs)
  expect(await appended()).toBeLessThan(
    limits.loadMarkRecords + limits.loadBatchRecordsMax * limits.loadAppendsInFlightMax,
  )
  back.resolve()
  expect(await loading).toMatchObject({ records: count, written: count })
})

class Lines implements IngestLogger {
  readonly told: string[] = []
  info(details: object, message: string): void {
    this.#tell(details, message)
  }
  warn(details: object, message: string): void {
    this.#tell(details, message)
  }
  error(details: object, message: string): void {
    this.#tell(details, message)
  }
  #tell(details: object, message: string): void {
    const { partition } = details as { partition?: number }
    this.told.push(`${message} ${partition ?? ''}`.trim())
  }
}

const ways = ['fails again and again', 'does not end'] as const
test.for(ways)('a partition whose write %s holds no other, is named once, and goes on when it can', async (way) => {
  const ports = await open()
  const [clock, lines] = [new ManualClock(), new Lines()]
  let isPoisoned = true
  const healed = Promise.withResolvers<void>()
  const store = writingThrough(ports.store, async (writes) => {
    if (!isPoisoned || !writes.some((write) => write.kind === 'put' && write.row['id'] === '0-7')) return
    if (way === 'does not end') await healed.promise
    else throw new MeshgateError('STORE_UNAVAILABLE', 'This row never comes through.')
  })
  const ingest = await started(ports, { store, clock, logger: lines })
  await appendAll(ports, messages(20, 0))
  const goOn = async (total: number): Promise<void> => {
    await ports.log.append(TOPIC, [message(`1-${total - 1}`, 1)])
    await expect.poll(() => ingest.counts()['test/things']?.written).toBe(total)
    clock.advance(limits.stuckBatchMs)
  }
  await appendAll(ports, messages(3_000, 1))
  await expect.poll(() => ingest.counts()['test/things']?.written).toBe(3_000)
  for (let total = 3_001; total <= 3_004; total++) await goOn(total)
  const code = way === 'does not end' ? null : 'STORE_UNAVAILABLE'
  const at = { product: 'test/things', topic: TOPIC, partition: 0, offset: 0 }
  expect(ingest.stuck()).toEqual([{ ...at, forMs: expect.any(Number) as number, code }])
  const named = 'A partition stands still while others go on. 0'
  expect(lines.told.filter((line) => line === named)).toEqual([named])
  isPoisoned = false
  healed.resolve()
  await expect.poll(() => ingest.counts()['test/things']?.written).toBe(3_024)
  expect(lines.told).toContain('A partition that stood still goes on. 0')
  expect(ingest.stuck()).toEqual([])
})

const refusals = ['STORE_ROW_INVALID', 'STORE_REQUEST_INVALID'] as const
test.for(refusals)(
  'a record whose row the store refuses for ever (%s) is rejected, and its batch is written',
  async (code) => {
    const ports = await open()
    let calls = 0
    const store = writingThrough(ports.store, async (writes) => {
      calls += 1
      if (!writes.some((write) => write.kind === 'put' && write.row['id'] === '0-700')) return
      throw new MeshgateError(code, 'The row is not taken.')
    })
    await ports.log.append(TOPIC, messages(900, 0))
    const ingest = await started(ports, { store })
    await ingest.caughtUp()
    expect(ingest.counts()).toEqual({ 'test/things': { written: 899, rejected: 1 } })
    expect((await visibleRows(ports.store, 'things')).length).toBe(899)
    const rejected = await allRecords(ports.log, `${TOPIC}.rejected`)
    expect(rejected.map(({ key, headers }) => [String(key), headers['meshgate-error-code']])).toEqual([
      ['0-700', 'RECORD_NOT_STORABLE'],
    ])
    // Halves, not one after the other.
    expect(calls).toBeLessThan(50)
  },
)

test('a client cannot give a record the headers of a redrive', async () => {
  const ports = await open()
  const url = await served(await started(ports))
  const headers = { 'meshgate-redrive': 'x', 'meshgate-generation': '9', 'meshgate-source-position': `${TOPIC}:0:0` }
  const record = { value: { id: 'a', shelf: 's', rank: 1 }, headers, ...headers }
  const response = await fetch(`${url}/topics/${TOPIC}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json', ...headers },
    body: JSON.stringify({ records: [record], headers }),
  })
  expect(response.status).toBe(200)
  expect((await allRecords(ports.log, TOPIC)).map((one) => one.headers)).toEqual([{}])
})
