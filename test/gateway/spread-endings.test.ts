// How the subscriptions of a gateway that stops are ended: a few at once, many spread over a short time.
import { afterEach, expect, test } from 'vitest'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { spreadEndings } from '../../gateway/subscribe/spread-endings.ts'
import { limits } from '../../platform/limits.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'
import { ManualClock } from '../manual-clock.ts'
import { seededRandom } from '../seeded-random.ts'

const TICKS: TestSubgraph = {
  name: 'ticks',
  sdl: 'type Query { now: Int }  type Subscription { tick: Int }',
  resolvers: { Query: { now: () => 1 } },
}

let gateway: Gateway | null = null
afterEach(async () => {
  await gateway?.close()
  gateway = null
})

async function subscribed(clients: number): Promise<{ clock: ManualClock; ended: unknown[]; running: Gateway }> {
  const clock = new ManualClock()
  const local = localEndpoint(TICKS)
  const running = await startGateway({
    mesh: {
      supergraphSdl: composeMesh([TICKS]),
      endpoints: [
        {
          ...local,
          subscribe: async ({ signal }) => {
            const left = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
            return (async function* () {
              yield* []
              await left
            })()
          },
        },
      ],
    },
    port: 0,
    clock,
    logger: createLogger({ level: 'silent', readable: false, write: () => undefined }),
  })
  const ended: unknown[] = []
  for (let client = 0; client < clients; client++) {
    const stream = await running.engine().subscribe({ query: 'subscription { tick }' })
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
    stream.next().catch((error: { extensions: { code: unknown } }) => ended.push(error.extensions.code))
  }
  return { clock, ended, running }
}

test('a few are ended at once', async () => {
  const { ended, running } = await subscribed(limits.reconnectSpreadClientsMin - 1)
  await running.close()
  expect(new Set(ended)).toEqual(new Set(['SUBSCRIPTION_RECONNECT']))
})

test('many are ended in their time, and the gateway waits for the last', async () => {
  const clients = limits.reconnectSpreadClientsMin
  const { clock, ended, running } = await subscribed(clients)
  let isClosed = false
  const closed = running.close().then(() => (isClosed = true))
  await expect.poll(() => clock.sleeping()).toBe(clients)
  expect([ended.length, isClosed]).toEqual([0, false])
  clock.advance(clients * limits.reconnectSpreadMsPerClient)
  await closed
  expect(ended).toHaveLength(clients)
})

test('ten thousand come back over five seconds, no more than 300 in any tenth of one', async () => {
  const clock = new ManualClock()
  const spread = spreadEndings(10_000, clock, seededRandom(8))
  const perTenth: number[] = []
  let ended = 0
  for (let client = 0; client < 10_000; client++) spread.later(() => (ended += 1))
  for (let tenth = 0; tenth < 50; tenth++) {
    const before = ended
    clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
    perTenth.push(ended - before)
  }
  await spread.done()
  expect(ended).toBe(10_000)
  expect(Math.max(...perTenth)).toBeLessThan(300)
})
