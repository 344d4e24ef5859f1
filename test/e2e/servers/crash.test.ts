// SIGKILL of ingest, Kafka and Cassandra, each at a seeded point of the load and in a seeded order, ends with exactly the same facts.
// Two loads in `npm test`; MESHGATE_CRASH_POINTS=10 for the long form, MESHGATE_CRASH_SEED for others.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runMeshgate } from '../../../bench/processes/meshgate-process.ts'
import { SALE_PRODUCTS } from '../../../bench/processes/sale-products.ts'
import { serverEnvironment, startSeparateMesh, type SeparateMesh } from '../../../bench/processes/separate-mesh.ts'
import { describeServers, startOwnCassandra, startOwnKafka, type OwnServer } from '../../servers/test-servers.ts'
import { FOODMART_FACTS, readFacts } from '../facts.ts'
import { recordsIn } from './records-in.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const POINTS = Number(process.env['MESHGATE_CRASH_POINTS'] ?? '2')
const SEED = Number(process.env['MESHGATE_CRASH_SEED'] ?? '1997')
const TIMEOUT_MS = 600_000
const POLL_MS = 50
const ORDERS = FOODMART_FACTS.orders

interface Crash {
  readonly victim: 'ingest' | 'Kafka' | 'Cassandra'
  /** Orders ingested, of all, when it is killed. */
  readonly orders: number
}

describeServers('killed on servers during the load', () => {
  const random = seededRandom(SEED)
  const plans = Array.from({ length: POINTS }, () => {
    const orders = [0, 1, 2].map((third) => Math.floor(((third + 0.1 + random() * 0.8) / 3) * ORDERS * 0.85))
    const victims = shuffled(['ingest', 'Kafka', 'Cassandra'] as const, random)
    return victims.map((victim, at): Crash => ({ victim, orders: orders[at] ?? 0 }))
  })

  test.each(
    plans.map((plan) => ({ plan, title: plan.map(({ victim, orders }) => `${victim} at ${orders}`).join(', ') })),
  )('$title: it ends with the same facts', { timeout: TIMEOUT_MS }, async ({ plan }) => {
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra()])
    const servers = { kafka: kafka.address, cassandra: cassandra.address, keyspace: 'meshgate' }
    const mesh = await startSeparateMesh(servers, { products: SALE_PRODUCTS })
    try {
      const inTime: boolean[] = []
      for (const { victim, orders } of plan) {
        const ingested = await untilIngested(kafka, orders)
        inTime.push(ingested < ORDERS)
        await kill(victim, { mesh, kafka, cassandra })
      }
      // A load that a killed server ended is started again, as its user would: each record is in the topic once.
      await mesh.ready().catch(() => runMeshgate(['sample', ...SALE_PRODUCTS], serverEnvironment(servers)))
      const facts = await readFacts(mesh.url)
      expect({ inTime, ...facts }).toEqual({ inTime: [true, true, true], ...FOODMART_FACTS })
      expect(await mesh.stop()).toBe(0)
    } catch (error) {
      await mesh.kill()
      process.stderr.write(mesh.output())
      throw error
    }
    await Promise.all([kafka.stop(), cassandra.stop()])
  })
})

async function kill(
  victim: Crash['victim'],
  { mesh, kafka, cassandra }: { mesh: SeparateMesh; kafka: OwnServer; cassandra: OwnServer },
): Promise<void> {
  if (victim === 'ingest') return mesh.restartIngest('sales')
  const server = victim === 'Kafka' ? kafka : cassandra
  await server.kill()
  await server.start()
}

/** By the changes that ingest has appended, whichever process did. */
async function untilIngested(kafka: OwnServer, orders: number): Promise<number> {
  for (;;) {
    // While Kafka starts again it may not tell.
    const ingested = await recordsIn(kafka.address, (topic) => topic === 'sales.orders.changes').catch(() => 0)
    if (ingested >= orders) return ingested
    await sleep(POLL_MS)
  }
}
