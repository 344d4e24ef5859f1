// Rejected records redriven on Kafka and Cassandra: members of a group ingest them once more, as what they were; and one partition that
// stands still holds no other.
import { afterEach, expect, test } from 'vitest'
import { openRejected } from '../../ingest/dead-letter/open-rejected.ts'
import { redriveRejected, redrivesOf } from '../../ingest/dead-letter/redrive.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import type { Product } from '../../schema/model.ts'
import { byId, visibleRows } from '../ingest/open-ports.ts'
import { Client, ItemMesh, recordOf, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

let mesh: ItemMesh | null = null
afterEach(() => mesh?.close())

async function opened(): Promise<ItemMesh> {
  const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
  return (mesh = new ItemMesh({ kafka, cassandra }))
}

/** The product before the fix: a shelf whose name has an exclamation mark is refused. */
function withCheck(product: Product): Product {
  const pattern = { kind: 'pattern', source: '^[^!]*$' } as const
  const check = {
    id: 'calm',
    rule: pattern,
    message: null,
    onFail: 'REJECT',
    location: { file: '', line: 1, column: 1 },
  } as const
  const entities = product.entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field) =>
      field.kind === 'stored' && field.name === 'shelf' ? { ...field, checks: [check] } : field,
    ),
  }))
  return { ...product, entities }
}

const KEYS = 30

/** Every third is refused before the fix; of every key a later record comes, of every other one it is good. */
function itemsOf(): Item[] {
  return Array.from({ length: 4 * KEYS }, (_, index) => {
    const shelf = index % 3 === 0 ? `loud-${index}!` : `calm-${index}`
    return { id: `item-${index % KEYS}`, shelf, rank: index }
  })
}

describeServers('on Kafka and Cassandra', () => {
  test('redriven records are what they were: late ones lose, and a subscriber is told each once', async () => {
    const items = await opened()
    const strict = await items.ingest({ products: [withCheck(items.product)] })
    const producer = await items.process()
    const subgraph = await items.subgraph()
    const client = new Client()
    await client.subscribe(subgraph)
    const sent = itemsOf()
    // Many of a key in one append, and so in one millisecond.
    await producer.log.append(items.topic, sent.map(recordOf))
    await strict.caughtUp()
    const good = sent.filter(({ shelf }) => !shelf.endsWith('!'))
    await client.take(good.length)
    const loud = sent.length - good.length
    expect((await openRejected(producer.log, items.topic)).records.length).toBe(loud)
    await strict.close()

    const members = [await items.ingest(), await items.ingest()]
    const question = { product: items.product, filter: { check: 'calm' }, reason: null, user: 'anna', host: 'till' }
    const outcome = await redriveRejected({ ...question, dryRun: false, log: producer.log, clock: systemClock })
    expect(outcome.redrive?.finished).toMatchObject({ redriven: loud, left: 0, approximate: 0 })
    await members[0]?.caughtUp()
    // Rows are those of the last record of each key, whenever it came through.
    const last = new Map(sent.map((item) => [item.id, item]))
    const rows = byId([...last.values()].map((item) => ({ ...item })))
    expect(byId(await visibleRows(producer.store, 'items'))).toEqual(rows)
    expect(byId(await visibleRows(producer.store, 'items_by_shelf'))).toEqual(rows)
    await client.take(loud)
    expect(byId([...client.rows.values()].map((item) => ({ ...item })))).toEqual(rows)
    expect((await openRejected(producer.log, items.topic)).records).toEqual([])
    const again = await redriveRejected({ ...question, dryRun: false, log: producer.log, clock: systemClock })
    expect([again.matched, again.redrive]).toEqual([0, null])
    expect((await redrivesOf(producer.log, `test/${items.product.name}`)).map(({ user }) => user)).toEqual(['anna'])
    await client.leave()
  })

  test('one partition whose writes fail holds no other, and goes on when they come through', async () => {
    const items = await opened()
    let isPoisoned = true
    const own = await items.process()
    const store: Store = new Proxy(own.store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...parameters: unknown[]) => {
          if (isPoisoned && name === 'write' && JSON.stringify(parameters[0]).includes('"poison"')) {
            throw new MeshgateError('STORE_UNAVAILABLE', 'This row never comes through.')
          }
          return Reflect.apply(member, target, parameters) as unknown
        }
      },
    })
    const ingest = await items.ingest({ store, log: own.log })
    const record = (id: string, partition: number): AppendRecord => ({
      ...recordOf({ id, shelf: 's', rank: partition }),
      partition,
    })
    await own.log.append(items.topic, [record('poison', 0)])
    const others = Array.from({ length: 3_000 }, (_, index) => record(`item-${index}`, 1 + (index % 3)))
    await own.log.append(items.topic, others)
    const written = (): number | undefined => Object.values(ingest.counts())[0]?.written
    await expect.poll(written, { timeout: 60_000 }).toBe(3_000)
    isPoisoned = false
    await expect.poll(written, { timeout: 60_000 }).toBe(3_001)
    await ingest.caughtUp()
  })

  test('a value that Cassandra refuses for ever is rejected, and stops nothing', async () => {
    const items = await opened()
    const ingest = await items.ingest()
    const producer = await items.process()
    const long = { id: 'k'.repeat(70_000), shelf: 's', rank: 1 }
    await producer.log.append(items.topic, [{ ...recordOf(long), partition: 0 }])
    await producer.log.append(items.topic, [{ ...recordOf({ id: 'a', shelf: 's', rank: 2 }), partition: 0 }])
    await ingest.caughtUp()
    expect(await visibleRows(producer.store, 'items')).toEqual([{ id: 'a', shelf: 's', rank: 2 }])
    const { records } = await openRejected(producer.log, items.topic)
    expect(records.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([['RECORD_KEY_TOO_LONG']])
  })
})
