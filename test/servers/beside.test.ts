// New tables beside the live ones on Kafka and Cassandra: two members that ingest, and a subgraph in a process of its own that is asked all
// along and never told of the switch but by the store.
import { setTimeout } from 'node:timers/promises'
import { test, vi } from 'vitest'
import { requestBuild, requestDrop } from '../../ingest/beside/table-request.ts'
import type { Ingest } from '../../ingest/main.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { productKey } from '../../platform/table-generations.ts'
import { byId, visibleRows } from '../ingest/open-ports.ts'
import { Client, ItemMesh, recordOf, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

const KEYS = 50
const BATCH = 20

// At the same time: most of each is waiting for the time that a switch leaves others.
describeServers('new tables on Kafka and Cassandra', { concurrent: true }, () => {
  test.for(['topic', 'scan'] as const)(
    'take over while records come and a subgraph is asked (seeded by the %s)',
    { timeout: 240_000 },
    async (seed, { expect, onTestFinished }) => {
      const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
      const items = new ItemMesh({ kafka, cassandra })
      onTestFinished(() => items.close())
      const members: Ingest[] = [await items.ingest(), await items.ingest()]
      const producer = await items.process()
      const last = new Map<string, Item>()
      let rank = 0
      const append = async (): Promise<void> => {
        const wanted = Array.from({ length: BATCH }, () => {
          rank += 1
          return { id: `item-${(rank * 7) % KEYS}`, shelf: `shelf-${rank % 5}`, rank }
        })
        for (const item of wanted) last.set(item.id, item)
        await producer.log.append(items.topic, wanted.map(recordOf))
      }
      for (let wave = 0; wave < 10; wave += 1) await append()
      await members[0]?.caughtUp()
      const subgraph = await items.subgraph()
      const client = new Client()
      await client.subscribe(subgraph)
      const told = rank

      const ports = { log: producer.log, clock: systemClock }
      await requestBuild(ports, items.product, { seed })
      const isOver = (): boolean =>
        members.some((member) => {
          const tables = member.tables()[productKey(items.product)]
          return tables?.live === 2 && tables.kept === null
        })
      while (!isOver()) {
        await append()
        await client.take(BATCH)
        // The effect of the last change that was told, of each of its things.
        for (const item of client.told.slice(-3)) {
          const query = `{ item(id: "${item.id}") { rank } }`
          const { data, errors } = await subgraph.endpoint.execute({ query, principal: ANONYMOUS })
          expect(errors).toBeUndefined()
          expect((data?.['item'] as Item | null)?.rank ?? 0).toBeGreaterThanOrEqual(item.rank)
        }
        await setTimeout(100)
      }
      await members[0]?.caughtUp()
      const rows = byId([...last.values()].map((item) => ({ ...item })))
      expect(client.told).toHaveLength(rank - told)
      const reader = await items.process()
      expect(byId(await visibleRows(reader.store, 'items_G2'))).toEqual(rows)
      expect(byId(await visibleRows(reader.store, 'items_by_shelf_G2'))).toEqual(rows)

      await requestDrop(ports, items.product)
      await vi.waitFor(
        async () => {
          const { dropping } = members[0]?.tables()[productKey(items.product)] ?? {}
          expect(dropping).toEqual([])
          await expect(reader.store.scan('items', { limit: 1 })).rejects.toThrow()
        },
        { timeout: 60_000, interval: 200 },
      )
      await append()
      await client.take(BATCH)
      await client.leave()
    },
  )
})
