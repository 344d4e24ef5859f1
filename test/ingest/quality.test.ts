// What is told of the quality of records: exactly what came, over restarts and failures of telling.
import { expect, test } from 'vitest'
import { OBSERVATIONS_TOPIC } from '../../ingest/internal-topics.ts'
import { startIngest } from '../../ingest/main.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'
import { eventually } from '../conformance/event-log-harness.ts'
import { allRecords, jsonOf, openPorts } from './open-ports.ts'
import { ask, closing, done } from './replay-bed.ts'

const TOPIC = 'shop.parcels'

function parcels(domain: string): Product {
  const { product } = compileProduct(
    'parcels.graphql',
    `extend schema @product(name: "parcels", domain: "${domain}", owner: "a@example.com", version: "1.0.0") @slo(freshness: "PT1H", completeness: 0.9)
     type Parcel @key(fields: "id") @source(topic: "${domain}.parcels", key: "id", time: "packedAt", partitions: 2) @table(name: "${domain}_parcels", partitionKey: ["id"]) {
       id: ID!
       packedAt: DateTime
       weight: Int! @check(id: "weight-positive", range: "[1,)", onFail: REJECT) @check(id: "weight-liftable", range: "[1,30]", onFail: WARN)
       note: String
     }`,
  )
  if (product === null) throw new Error('The product compiles.')
  return product
}

interface Told {
  readonly topic: string
  readonly partition: number
  readonly minute: string
  readonly records: number
  readonly [count: string]: unknown
}

/** The newest observation of every minute, summed up. */
async function told(log: EventLog): Promise<Record<string, unknown>> {
  const newest = new Map<string, Told>()
  for (const record of await allRecords(log, OBSERVATIONS_TOPIC)) {
    const observed = jsonOf(record) as Told & { readonly counted: string }
    expect(observed.counted.slice(0, 16)).toBe(observed.minute.slice(0, 16))
    const name = `${observed.topic}:${observed.partition}:${observed.minute}`
    if ((newest.get(name)?.records ?? -1) <= observed.records) newest.set(name, observed)
  }
  const sums: Record<string, number> = {}
  const failures: Record<string, number> = {}
  for (const observed of newest.values()) {
    for (const name of ['records', 'rejected', 'warned', 'fillable', 'filled', 'timed', 'fresh']) {
      sums[name] = (sums[name] ?? 0) + Number(observed[name])
    }
    for (const { check, records } of observed['failures'] as { check: string; records: number }[]) {
      failures[check] = (failures[check] ?? 0) + records
    }
  }
  return { ...sums, failures }
}

/** A log that does not take observations. */
function withoutTelling(log: EventLog): EventLog {
  return new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name !== 'append') return typeof member === 'function' ? (member.bind(target) as unknown) : member
      return (topic: string, records: Parameters<EventLog['append']>[1]) =>
        topic === OBSERVATIONS_TOPIC
          ? Promise.reject(new MeshgateError('LOG_UNAVAILABLE', 'Not now.'))
          : target.append(topic, records)
    },
  })
}

const HOUR_AGO = new Date(Date.now() - 7_200_000).toISOString()
const record = (id: string, fields: object) => ({
  key: Buffer.from(id),
  value: Buffer.from(JSON.stringify({ id, ...fields })),
})
const batch = (round: number) => [
  record(`good-${round}`, { weight: 3, note: 'n', packedAt: new Date().toISOString() }),
  record(`old-${round}`, { weight: 3, packedAt: HOUR_AGO }),
  record(`heavy-${round}`, { weight: 31 }),
  record(`light-${round}`, { weight: 0 }),
  record(`odd-${round}`, { weight: 'x' }),
  { key: Buffer.from(`good-${round}`), value: null },
]

test('counts every record once, whoever counted it first and whether that was told or not', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const products = [parcels('shop')]
  const rounds = 4
  for (let round = 0; round < rounds; round += 1) {
    const log = round === 1 ? withoutTelling(ports.log) : ports.log
    const ingest = await startIngest({ ...ports, products, log, sweep: false, tellsQuality: true })
    await ports.log.append(TOPIC, batch(round))
    await ingest.caughtUp()
    await ingest.close()
  }
  expect(await told(ports.log)).toEqual({
    records: 6 * rounds,
    rejected: 2 * rounds,
    warned: rounds,
    // Two optional fields of three rows that were accepted; a delete has none.
    fillable: 6 * rounds,
    filled: 3 * rounds,
    timed: 2 * rounds,
    fresh: rounds,
    failures: { 'weight-positive': rounds, 'weight-liftable': rounds, type: rounds },
  })
})

test('a replay counts nothing again', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const product = parcels('shop')
  const ingest = await startIngest({ ...ports, products: [product], sweep: false, tellsQuality: true })
  closing.push(() => ingest.close())
  await ports.log.append(TOPIC, batch(0))
  await ingest.caughtUp()
  // What is not committed yet is not read again.
  await eventually(async () => expect(await ask(ports, product)).not.toBeNull())
  await done(ingest)
  await ingest.caughtUp()
  await ingest.close()
  expect(await told(ports.log)).toMatchObject({ records: 6 })
})

test('nothing is told of the products of the mesh itself, nor where nobody asks for it', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const asked = await startIngest({ ...ports, products: [parcels('mesh')], sweep: false, tellsQuality: true })
  closing.push(() => asked.close())
  await ports.log.append('mesh.parcels', batch(0))
  await asked.caughtUp()
  await asked.close()
  const unasked = await startIngest({ ...ports, products: [parcels('shop')], sweep: false })
  closing.push(() => unasked.close())
  await ports.log.append(TOPIC, batch(0))
  await unasked.caughtUp()
  await unasked.close()
  expect(await allRecords(ports.log, OBSERVATIONS_TOPIC)).toEqual([])
})
