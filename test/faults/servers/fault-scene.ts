// What a run's faults happen to, and the faults. Each ends with everything running again; what is lost on the way is the mesh's to mend.
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf, rekeyGroupOf } from '../../../ingest/entity-plan.ts'
import type { FaultProduct } from '../fault-products.ts'
import type { Observer } from '../observer.ts'
import type { FaultServer, FaultServers } from './fault-servers.ts'
import type { IngestMembers } from './ingest-members.ts'

export interface FaultScene {
  readonly servers: FaultServers
  readonly members: IngestMembers
  readonly products: readonly FaultProduct[]
  readonly observers: readonly Observer[]
  /** Of the process that appends, in ms; where topics have `CreateTime`, of their records too. */
  readonly clockShift: { ms: number }
  readonly random: (below: number) => number
  restartSubgraphs(): Promise<void>
}

type Fault = (scene: FaultScene) => Promise<void>

const HOUR_MS = 3_600_000
/** A group can be deleted once nobody is in it: a member that was killed counts until its session is over. */
const EMPTY_MS_MAX = 20_000
const GROUP_ID_NOT_FOUND = 69

/** Longer than sessions (8 s), requests to a broker (10 s) and to a node (6 s), now and then. */
function hangMs(random: (below: number) => number): number {
  return random(4) === 0 ? 9_000 + random(3_000) : 300 + random(2_500)
}

async function killServer({ random }: FaultScene, server: FaultServer): Promise<void> {
  await server.kill()
  await sleep(random(1_500))
  await server.start()
}

async function hangServer({ random }: FaultScene, server: FaultServer): Promise<void> {
  server.hang()
  await sleep(hangMs(random))
  server.resume()
}

async function loseAnswers({ random }: FaultScene, { proxy }: FaultServer): Promise<void> {
  for (let times = 1 + random(4); times > 0; times--) {
    proxy.holdAnswers()
    await sleep(20 + random(600))
    proxy.cut()
    await sleep(random(800))
  }
}

async function delayAnswers({ random }: FaultScene, { proxy }: FaultServer): Promise<void> {
  proxy.holdAnswers()
  await sleep(hangMs(random))
  proxy.releaseAnswers()
}

async function killIngest({ members, random }: FaultScene): Promise<void> {
  for (let times = 1 + random(2); times > 0; times--) {
    // In the middle of the records, of a member that has some of the partitions: the newest may not have any yet.
    await sleep(200 + random(1_500))
    members.add()
    await members.end('SIGKILL', random(members.size - 1))
  }
}

/** Longer than its session, now and then: others have its partitions when it wakes. */
async function hangIngest({ members, random }: FaultScene): Promise<void> {
  members.signal('SIGSTOP')
  await sleep(hangMs(random))
  members.signal('SIGCONT')
}

async function expireOffsets({ members, servers, products }: FaultScene): Promise<void> {
  await members.endAll('SIGTERM')
  const groups = products.flatMap(({ product }) => [groupOf(product), rekeyGroupOf(product)])
  await servers.withAdmin(async (admin) => {
    const deadline = performance.now() + EMPTY_MS_MAX
    for (const group of groups) {
      while (!(await isForgotten(admin.deleteGroups([group])))) {
        if (performance.now() > deadline) throw new Error(`${group} could not be deleted: somebody is in it`)
        await sleep(200)
      }
    }
  })
  members.add()
  members.add()
}

/** Also where there never was one. */
async function isForgotten(deleting: Promise<unknown>): Promise<boolean> {
  return await deleting.then(
    () => true,
    (error: unknown) => {
      const { groups = [] } = error as { groups?: readonly { readonly errorCode: number }[] }
      return groups.some(({ errorCode }) => errorCode === GROUP_ID_NOT_FOUND)
    },
  )
}

/** As where a broker's clock is set, back mostly, and another one leads. */
async function setClock({ servers, products, clockShift, random }: FaultScene): Promise<void> {
  for (let times = 2 + random(2); times > 0; times--) {
    for (const { topic } of products) await servers.setTimestamps(topic, 'CreateTime')
    clockShift.ms = random(3) === 0 ? HOUR_MS / 2 : -HOUR_MS * (1 + random(20))
    await sleep(200 + random(1_000))
  }
  clockShift.ms = 0
  if (random(2) === 0) for (const { topic } of products) await servers.setTimestamps(topic, 'LogAppendTime')
}

async function dropSubscribers({ observers, random }: FaultScene): Promise<void> {
  for (let times = 2 + random(6); times > 0; times--) {
    await Promise.all(observers.map((observer) => observer.drop()))
    await sleep(random(500))
  }
}

/** Processes join and leave, by signal or by kill, about one a second. */
export async function rebalance({ members, random }: FaultScene, durationMs: number): Promise<void> {
  const until = performance.now() + durationMs
  while (performance.now() < until) {
    const startedAt = performance.now()
    if (members.size < 2 || (members.size < 4 && random(2) === 0)) members.add()
    else await members.end(random(3) === 0 ? 'SIGKILL' : 'SIGTERM', random(members.size))
    await sleep(Math.max(0, 1_000 - (performance.now() - startedAt)))
  }
  while (members.size < 2) members.add()
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'ingest killed': killIngest,
  'ingest hung': hangIngest,
  'Kafka killed': (scene) => killServer(scene, scene.servers.kafka),
  'Kafka hung': (scene) => hangServer(scene, scene.servers.kafka),
  "Kafka's answers lost": (scene) => loseAnswers(scene, scene.servers.kafka),
  "Kafka's answers late": (scene) => delayAnswers(scene, scene.servers.kafka),
  'Cassandra killed': (scene) => killServer(scene, scene.servers.cassandra),
  'Cassandra hung': (scene) => hangServer(scene, scene.servers.cassandra),
  "Cassandra's answers lost": (scene) => loseAnswers(scene, scene.servers.cassandra),
  "Cassandra's answers late": (scene) => delayAnswers(scene, scene.servers.cassandra),
  'members joining and leaving': (scene) => rebalance(scene, 4_000),
  'clock set': setClock,
  'offsets expired': expireOffsets,
  'subscribers dropped': dropSubscribers,
  'subgraphs restarted': (scene) => scene.restartSubgraphs(),
}
