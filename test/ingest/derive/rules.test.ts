// Rules of derived products one by one, on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import type { Ingest, IngestOptions } from '../../../ingest/main.ts'
import { MeshgateError } from '../../../platform/errors.ts'
import type { ConsumeOptions, EventLog } from '../../../platform/ports/event-log.ts'
import { eventually } from '../../conformance/event-log-harness.ts'
import { productOf } from '../../schema/compile.ts'
import { allRecords, openPorts, type TestPorts } from '../open-ports.ts'
import {
  categories,
  derivedRows,
  expectedRows,
  itemRecord,
  items,
  orderRecord,
  orders,
  removal,
  startMesh,
  totalsProduct,
} from './sales-mesh.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  return ports
}

async function start(ports: TestPorts, options: Partial<IngestOptions> = {}): Promise<Ingest> {
  const ingest = await startMesh(ports, options)
  closing.push(() => ingest.close())
  return ingest
}

async function sell(ports: TestPorts, from: number, count: number, shop = 'north'): Promise<void> {
  const sold = Array.from({ length: count }, (_, index) =>
    orderRecord({
      id: `o${from + index}`,
      shop,
      placedAt: '2026-01-02T03:04:05.000Z',
      lines: [{ item: index % 2 === 0 ? 'tea' : 'nut', amount: `${index + 1}.5` }],
    }),
  )
  await ports.log.append('tests.orders', sold)
}

async function stock(ports: TestPorts): Promise<void> {
  await ports.log.append('tests.items', [
    itemRecord({ id: 'tea', category: 'drinks' }),
    itemRecord({ id: 'nut', category: 'food' }),
  ])
}

async function expectExact(ports: TestPorts): Promise<void> {
  const rows = await derivedRows(ports.store)
  expect(rows).toEqual(await expectedRows(ports.store))
  expect(rows.totals.length).toBeGreaterThan(0)
}

test('a product that is derived later begins with the rows that are there', async () => {
  const ports = await open()
  const before = await startMesh(ports, { products: [orders, items] })
  await stock(ports)
  await sell(ports, 0, 50)
  await ports.log.append('tests.orders', [removal('o7')])
  await before.caughtUp()
  await before.close()
  const ingest = await start(ports)
  await ingest.caughtUp()
  await expectExact(ports)
  await sell(ports, 40, 20, 'south')
  await ingest.caughtUp()
  await expectExact(ports)
})

test('a changed fold makes all rows anew, and rows that only the former gave are deleted', async () => {
  const ports = await open()
  const before = await startMesh(ports)
  await stock(ports)
  await sell(ports, 0, 4)
  await before.caughtUp()
  await before.close()
  const onlyTea = totalsProduct({ where: "line.item == 'tea'" })
  const ingest = await start(ports, { products: [orders, items, onlyTea, categories] })
  await ingest.caughtUp()
  const rows = await derivedRows(ports.store)
  expect(rows.totals.map(({ category, lines }) => [category, lines])).toEqual([['drinks', '2']])
  expect(rows.categories.map(({ category }) => category)).toEqual(['drinks'])
  await ingest.close()
  // And back: what the first had told is older than what the second did.
  const again = await start(ports)
  await again.caughtUp()
  await expectExact(ports)
})

test('a fold whose changes retention has dropped begins anew', async () => {
  const ports = await open()
  const ingest = await start(ports, { log: losing(ports.log, 'tests.orders.changes') })
  await stock(ports)
  await sell(ports, 0, 10)
  await eventually(async () => {
    const claims = await allRecords(ports.log, 'mesh.folds')
    const numbers = claims.flatMap(({ key }) => /^activation\/tests\/totals.Total\/(\d+)\//.exec(text(key))?.[1] ?? [])
    expect(numbers).toEqual(['1', '2'])
  })
  await ingest.caughtUp()
  await sell(ports, 5, 10)
  await ingest.caughtUp()
  await expectExact(ports)
})

/** A log that tells the first group of a topic once that what comes next is gone. */
function losing(log: EventLog, topic: string): EventLog {
  let told = false
  const consume = (options: ConsumeOptions) =>
    log.consume({
      ...options,
      handler: async (batch, signal) => {
        await options.handler(batch, signal)
        if (told || batch.topic !== topic || !options.group.includes('totals.Total')) return
        told = true
        const error = new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', 'It is gone.')
        options.onError?.(error, { topic, partition: batch.partition, offset: 0 })
      },
    })
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'consume') return consume
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString()
}

test('rows that stay as they are are not told again', async () => {
  const ports = await open()
  const ingest = await start(ports)
  await stock(ports)
  await sell(ports, 0, 4)
  await ingest.caughtUp()
  const told = (await allRecords(ports.log, 'tests.totals')).length
  await sell(ports, 0, 4)
  await ingest.caughtUp()
  expect((await allRecords(ports.log, 'tests.totals')).length).toBe(told)
  await expectExact(ports)
})

test('an input that was not given is named, with what to do, before anything is begun', async () => {
  const ports = await open()
  const starting = startMesh(ports, { products: [orders, totalsProduct()] })
  await expect(starting).rejects.toMatchObject({
    code: 'FOLD_INPUT_MISSING',
    message: expect.stringContaining('tests/totals.Total is derived from tests/items, which is not among') as string,
  })
})

test('inputs that are ingested elsewhere are read, and so is what comes to be derived from them', async () => {
  const ports = await open()
  const derived = await start(ports, { products: [totalsProduct(), categories], inputs: [orders, items] })
  const sources = await start(ports, { products: [orders, items] })
  await stock(ports)
  await sell(ports, 0, 9)
  await sources.caughtUp()
  await derived.caughtUp()
  await expectExact(ports)
})

test('a function that is not there is missed at the start', async () => {
  const ports = await open()
  await expect(startMesh(ports, { functions: {} })).rejects.toMatchObject({ code: 'FOLD_FUNCTIONS_MISSING' })
})

test('a row for which an expression fails contributes nothing, is counted, and told once', async () => {
  const ports = await open()
  const failed: string[] = []
  const told: string[] = []
  const shares =
    productOf(`extend schema @product(name: "shares", domain: "tests", owner: "t@example.com", version: "1.0.0")
input ShareRead @reads(product: "tests/orders", entity: "Order") { id: ID!  shop: String!  lines: [ShareLine!]! }
input ShareLine { amount: Decimal! }
type Share @key(fields: "shop") @source(topic: "tests.shares", key: "shop") @table(name: "shares", partitionKey: ["shop"])
  @fold(input: "ShareRead") {
  shop: String! @group(cel: "shop")
  first: Float! @aggregate(function: SUM, cel: "double(lines[0].amount)")
}
type Query { share(shop: String!): Share @lookup }`)
  const ingest = await start(ports, {
    products: [orders, shares],
    observer: { foldFailed: ({ product, expression }) => void failed.push(`${product} ${expression}`) },
    logger: { info: () => undefined, warn: (_: object, line: string) => void told.push(line), error: () => undefined },
  })
  await sell(ports, 0, 2)
  const empty = { shop: 'north', placedAt: '2026-01-02T03:04:05.000Z', lines: [] }
  await ports.log.append('tests.orders', [orderRecord({ id: 'e1', ...empty }), orderRecord({ id: 'e2', ...empty })])
  await ingest.caughtUp()
  expect(new Set(failed).size).toBe(1)
  expect(failed.length).toBeGreaterThanOrEqual(2)
  expect(told.filter((line) => line.includes('cannot be evaluated'))).toHaveLength(1)
  const [record] = (await allRecords(ports.log, 'tests.shares')).slice(-1)
  expect(JSON.parse(text(record?.value ?? null))).toMatchObject({ row: { shop: 'north', first: 4 } })
})

test('members share the partitions of the stages, and one that leaves leaves nothing undone', async () => {
  const ports = await open()
  const [one, two] = await Promise.all([startMesh(ports), start(ports)])
  await stock(ports)
  await sell(ports, 0, 30)
  await one.caughtUp()
  await sell(ports, 20, 30, 'south')
  await one.close()
  await sell(ports, 10, 15, 'east')
  await two.caughtUp()
  await expectExact(ports)
})
