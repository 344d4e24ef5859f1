// A real broker's retention passes a client's cursor while it is away: a typed gap, and with a snapshot the table as it is.
import { pino } from 'pino'
import { ConfigResourceTypes } from 'kafkajs'
import { afterEach, expect, test } from 'vitest'
import { resumeOverEventStream, type StreamError, type SubscriptionOptions } from '../../../client/index.ts'
import { composeSupergraph } from '../../../gateway/compose/compose-supergraph.ts'
import { startGateway } from '../../../gateway/main.ts'
import type { EventLog } from '../../../platform/ports/event-log.ts'
import { topicNames } from '../../../schema/topics.ts'
import { Proxy } from '../../gateway/proxy.ts'
import { withAdmin } from '../../kafka-log/topic-admin.ts'
import { ItemMesh, recordOf } from '../../servers/item-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from '../../servers/test-servers.ts'
import { namesOf, type Item } from '../survival-product.ts'

const QUERY = 'subscription { item: itemChanged(shelf: "shelf-1") { id shelf rank } }'
const RETENTION_MS = 1_000
/** Guards against hanging only. */
const WAIT_MS = 400_000
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const itemOf = (rank: number): Item => ({ id: `item-${rank % 4}`, shelf: 'shelf-1', rank })

function follow(url: string, options: SubscriptionOptions, snapshot: boolean) {
  const folded = new Map<string, Item>()
  const ending = Promise.withResolvers<unknown>()
  let restarted = 0
  const unsubscribe = resumeOverEventStream({ url, retryDelayMs: () => 50 }).subscribe<{ item: Item | null }>(
    { query: QUERY, extensions: snapshot ? { snapshot: true } : {} },
    {
      next: ({ data, extensions = {} }) => {
        if (extensions.restarted === true) {
          restarted += 1
          folded.clear()
        }
        const item = data?.item ?? null
        if (item !== null) folded.set(item.id, { ...item })
      },
      error: ending.resolve,
      complete: () => ending.resolve('completed'),
    },
    options,
  )
  return { folded, ending: ending.promise, unsubscribe, restarted: () => restarted }
}

/** Everything that the topic held. The broker rolls a segment with the next record behind its time. */
async function expireAll(address: string, log: EventLog, topic: string, roll: () => Promise<unknown>): Promise<void> {
  const before = await log.offsets(topic)
  const settings = { 'retention.ms': RETENTION_MS, 'segment.ms': RETENTION_MS / 4 }
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value: String(value) }))
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries }
  await withAdmin(address, (admin) => admin.alterConfigs({ validateOnly: false, resources: [resource] }))
  const isOver = async (): Promise<boolean> => {
    await roll()
    const held = await log.offsets(topic)
    return before.every(({ partition, next }) => (held[partition]?.earliest ?? 0) >= next)
  }
  await expect.poll(isOver, { interval: 500 }).toBe(true)
}

describeServers('on Kafka and Cassandra', () => {
  test(
    'a cursor that the retention has passed is a gap; with a snapshot the client comes to the table',
    async () => {
      const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
      const mesh = new ItemMesh({ kafka, cassandra }, (unique) => namesOf(unique).sdl)
      closing.push(() => mesh.close())
      const ingest = await mesh.ingest()
      const { log } = await mesh.process()
      const { name, sdl, endpoint } = await mesh.subgraph()
      const composed = composeSupergraph([{ name, sdl, url: 'http://127.0.0.1:9/graphql' }])
      if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
      const { supergraphSdl } = composed
      const logger = pino({ level: 'silent' })
      const gateway = await startGateway({ mesh: { supergraphSdl, endpoints: [endpoint] }, port: 0, logger })
      closing.push(() => gateway.close())
      const proxy = await Proxy.open(gateway.port)
      closing.push(() => proxy.close())
      const url = `http://127.0.0.1:${proxy.port}/graphql`
      const post = (...ranks: readonly number[]) =>
        log.append(
          mesh.topic,
          ranks.map((rank) => recordOf(itemOf(rank))),
        )
      const gaps: string[] = []
      const onGap: SubscriptionOptions['onGap'] = ({ code }) => {
        gaps.push(code)
        return 'snapshot'
      }
      const [ends, goesOn, snapshot] = [follow(url, {}, false), follow(url, { onGap }, false), follow(url, {}, true)]
      const all = [ends, goesOn, snapshot]
      await expect.poll(() => all.map(({ unsubscribe }) => unsubscribe.cursor)).not.toContain(undefined)
      await post(0, 1, 2, 3, 4, 5)
      const ranks = () =>
        all.map(({ folded }) => [...folded.values()].map((item) => item.rank).toSorted((one, other) => one - other))
      await expect.poll(ranks).toEqual([
        [2, 3, 4, 5],
        [2, 3, 4, 5],
        [2, 3, 4, 5],
      ])

      proxy.cut()
      await post(6, 7)
      await ingest.caughtUp()
      let rank = 8
      await expireAll(kafka, log, topicNames.changes(mesh.topic), async () => {
        await post(...Array.from({ length: 8 }, () => rank++))
        await ingest.caughtUp()
      })
      proxy.target = gateway.port
      const codes = ((await ends.ending) as StreamError[]).map(({ extensions }) => extensions?.['code'])
      expect(codes).toEqual(['SUBSCRIPTION_GAP'])
      const table = [rank - 4, rank - 3, rank - 2, rank - 1]
      await expect.poll(() => ranks().slice(1)).toEqual([table, table])
      expect([gaps, goesOn.restarted(), snapshot.restarted()]).toEqual([['SUBSCRIPTION_GAP'], 1, 1])
      goesOn.unsubscribe()
      snapshot.unsubscribe()
    },
    WAIT_MS,
  )
})
