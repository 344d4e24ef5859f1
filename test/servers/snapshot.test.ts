// Snapshots on Kafka and Cassandra, read while ingest writes, moves and deletes, by a subscriber that goes from one subgraph to the other:
// what it folds is the table.
import { afterEach, expect, test } from 'vitest'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { byId } from '../ingest/open-ports.ts'
import { seededInteger } from '../seeded-random.ts'
import { ItemMesh, itemsSdl, recordOf, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

const KEYS = limits.snapshotPageRows * 3
const SHELVES = 2
const QUERY = 'subscription ($on: ID) { item: itemSeen(shelf: $on) { id shelf rank } }'
let mesh: ItemMesh | null = null
afterEach(() => mesh?.close())

const sdl = (unique: string, topic: string): string =>
  itemsSdl(unique, topic)
    .replace('type Query {', 'type Query { items(first: Int, after: String): ItemConnection! @scan(table: "items")')
    .replace(
      'type Subscription {',
      'type Subscription { itemSeen(shelf: ID): Item @changes(on: [CREATED, UPDATED, DELETED])',
    )
    .replace('shelf: String!', 'shelf: ID!')

interface Told {
  readonly key?: string
  readonly cursor: string
  readonly snapshotComplete?: true
  readonly caughtUp?: true
}

describeServers('on Kafka and Cassandra', () => {
  test.for([{ on: null }, { on: 'shelf-1' }])(
    'what is told from a snapshot on folds to the table ($on)',
    async ({ on }) => {
      const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
      const items = (mesh = new ItemMesh({ kafka, cassandra }, sdl))
      const ingest = await items.ingest()
      const { log } = await items.process()
      const subgraphs = [await items.subgraph(), await items.subgraph()]
      const below = seededInteger(11)
      const table = new Map<string, Item>()
      let rank = 0
      const change = async (count: number): Promise<void> => {
        const records = Array.from({ length: count }, () => {
          const id = `item-${below(KEYS)}`
          const isGone = below(5) === 0
          const item = { id, shelf: `shelf-${below(SHELVES)}`, rank: rank++ }
          if (isGone) table.delete(id)
          else table.set(id, item)
          return isGone ? { key: Buffer.from(id), value: null } : recordOf(item)
        })
        await log.append(items.topic, records)
      }
      await change(KEYS * 2)
      await ingest.caughtUp()

      const folded = new Map<string, Item>()
      let cursor: string | undefined
      let resumed = 0
      const subscribe = async (): Promise<AsyncIterableIterator<SubgraphResponse>> => {
        const meshgate = { positions: true, ...(cursor === undefined ? { snapshot: true } : { cursor }) }
        const subgraph = subgraphs[resumed++ % subgraphs.length]
        if (subgraph === undefined) throw new Error('no subgraph')
        return subgraph.endpoint.subscribe({
          query: QUERY,
          variables: { on },
          extensions: { meshgate },
          principal: ANONYMOUS,
        })
      }
      let events = await subscribe()
      const take = async (): Promise<Told> => {
        const { value } = (await events.next()) as { value: SubgraphResponse }
        expect(value.errors).toBeUndefined()
        const told = value.extensions?.['meshgate'] as Told
        ;({ cursor } = told)
        const item = value.data?.['item'] as Item | null | undefined
        if (told.key !== undefined && item) folded.set(told.key, { ...item })
        else if (told.key !== undefined) folded.delete(told.key)
        return told
      }
      const resume = async (): Promise<void> => {
        await events.return?.()
        events = await subscribe()
      }
      let rows = 0
      while ((await take()).snapshotComplete !== true) {
        rows++
        if (rows % 5 === 0) await change(3)
        if (rows % 7 === 0) await resume()
      }
      expect(rows).toBeGreaterThan(KEYS / 4)
      await change(KEYS)
      await ingest.caughtUp()
      await resume()
      while ((await take()).caughtUp !== true);
      const wanted = [...table.values()].filter(({ shelf }) => on === null || shelf === on)
      expect(byId([...folded.values()].map((item) => ({ ...item })))).toEqual(byId(wanted.map((item) => ({ ...item }))))
      await events.return?.()
    },
  )
})
