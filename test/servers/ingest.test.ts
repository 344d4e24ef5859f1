// Ingest and subgraphs on Kafka and Cassandra: members of a group that come and go, and subscribers that change between subgraphs.
import { afterEach, expect, test } from 'vitest'
import type { Ingest } from '../../ingest/main.ts'
import { byId, visibleRows } from '../ingest/open-ports.ts'
import { Client, ItemMesh, recordOf, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

const KEYS = 40
const WAVES = 8
const WAVE_RECORDS = 250
let mesh: ItemMesh | null = null
afterEach(() => mesh?.close())

function itemsOf(wave: number): Item[] {
  return Array.from({ length: WAVE_RECORDS }, (_, index) => {
    const id = `item-${(index * 7 + wave) % KEYS}`
    // The place changes too: rows of the further table move.
    return { id, shelf: `shelf-${(index + wave) % 5}`, rank: wave * WAVE_RECORDS + index }
  })
}

/** Per key, in the order that they came. */
function ranksByKey(items: readonly Item[]): Record<string, number[]> {
  const byKey = Map.groupBy(items, ({ id }) => id)
  return Object.fromEntries([...byKey].map(([id, own]) => [id, own.map(({ rank }) => rank)]))
}

describeServers('on Kafka and Cassandra', () => {
  test('the last record of a key wins, each change is told once and in order, whoever has the partitions and whoever serves', async () => {
    const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
    const items = (mesh = new ItemMesh({ kafka, cassandra }))
    let members: Ingest[] = [await items.ingest()]
    const producer = await items.process()
    const subgraphs = [await items.subgraph(), await items.subgraph()]
    const client = new Client()
    const [first] = subgraphs
    if (first !== undefined) await client.subscribe(first)
    const last = new Map<string, Item>()
    let told = 0
    for (let wave = 0; wave < WAVES; wave++) {
      const wanted = itemsOf(wave)
      for (const item of wanted) last.set(item.id, item)
      // Many records of a key in one append, and so in one millisecond.
      const appending = producer.log.append(items.topic, wanted.map(recordOf))
      if (wave % 3 === 1) members.push(await items.ingest())
      if (wave % 3 === 2) {
        const [leaving, ...staying] = members
        members = staying
        await leaving?.close()
      }
      await appending
      if (wave % 4 === 3) {
        const half = Math.floor((wanted.length * (wave + 1) - told) / 2)
        await client.take(half)
        told += half
        const next = subgraphs[Math.floor(wave / 4) % 2]
        if (next !== undefined) await client.subscribe(next)
      }
    }
    await members[0]?.caughtUp()
    await client.take(WAVES * WAVE_RECORDS - told)
    const rows = byId([...last.values()].map((item) => ({ ...item })))
    expect(byId(await visibleRows(producer.store, 'items'))).toEqual(rows)
    expect(byId(await visibleRows(producer.store, 'items_by_shelf'))).toEqual(rows)
    expect(byId([...client.rows.values()].map((item) => ({ ...item })))).toEqual(rows)
    const sent = Array.from({ length: WAVES }, (_, wave) => itemsOf(wave)).flat()
    expect(ranksByKey(client.told)).toEqual(ranksByKey(sent))
    expect(await members[0]?.lag()).toEqual({ [`test/${items.product.name}`]: 0 })
    await client.leave()
  })
})
