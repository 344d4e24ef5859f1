// One run on real servers: records of some products under faults that the seed draws, then everything healed, ended and compared.
import { setTimeout as sleep } from 'node:timers/promises'
import { seededInteger, fractions, shuffled } from '../../seeded-random.ts'
import { checkDerived } from '../check-derived.ts'
import { checkMesh } from '../check.ts'
import { endMarks, markKeys } from '../end-marks.ts'
import { FAULT_PRODUCTS } from '../fault-products.ts'
import { type Acknowledged, type Appendable, appendPosts } from '../post-appender.ts'
import { untilIngested } from '../topic-contents.ts'
import { makeWorkload, type Post } from '../workload.ts'
import { FAULTS, rebalance } from './fault-scene.ts'
import type { FaultServers } from './fault-servers.ts'
import { outOfRange } from './out-of-range.ts'
import { openServerMesh, type ServerMesh } from './server-mesh.ts'

export interface ServerRun {
  readonly seed: number
  readonly faults: readonly string[]
  readonly records: number
  /** Changes that observers had been told when the last fault was over: what went on meanwhile. */
  readonly toldMeanwhile: number
  /** Processes that ingested, killed and ended ones included. */
  readonly processes: number
  /** In words; none: nothing was lost, wrong or told twice. */
  readonly problems: readonly string[]
  readonly seconds: number
}

export interface ServerRunOptions {
  readonly servers: FaultServers
  readonly seed: number
  /** In place of those that the seed draws. */
  readonly faults?: readonly string[]
  /** Members join and leave for so long, in place of any other fault. */
  readonly rebalanceMs?: number
}

const RECORDS = 300
/** Records for all the time that members join and leave: a post has six or seven, and there are some sixteen a second. */
const REBALANCE_MS_PER_RECORD = 10
const PRODUCTS = 2
const POST_PAUSE_MS = 120
/** One in so many of the posts is on its way through before the first fault. */
const FIRST_POSTS_OF = 6
/** Against hanging: a minute is what an append waits for a broker. */
const SETTLE_MS_MAX = 120_000
const POLL_MS = 10
const DERIVED_POLL_MS = 500
/** In a row: a fold that is not through yet may be right by chance. */
const LOOKS_AT_DERIVED = 3

export async function runOnServers(options: ServerRunOptions): Promise<ServerRun> {
  const { servers, seed } = options
  const startedAt = performance.now()
  const random = seededInteger(seed)
  const draw = <T>(from: readonly T[], count: number): T[] => shuffled(from, fractions(random)).slice(0, count)
  const names = draw(FAULT_PRODUCTS, PRODUCTS).map(({ name }) => name)
  const drawn = draw(Object.keys(FAULTS), 2 + random(3))
  const faults = options.rebalanceMs === undefined ? (options.faults ?? drawn) : []
  // Two runs of one seed on the same servers have nothing in common.
  const unique = `s${String(seed)}t${Date.now().toString(36)}`
  const mesh = await openServerMesh({ servers, unique, seed, names, random })
  const records = Math.max(RECORDS, Math.round((options.rebalanceMs ?? 0) / REBALANCE_MS_PER_RECORD))
  const acknowledged: Acknowledged[] = []
  const problems: string[] = []
  let toldMeanwhile = 0
  try {
    const posts = makeWorkload({ seed, products: mesh.products, records })
    const first = Math.ceil(posts.length / FIRST_POSTS_OF)
    const target = async (): Promise<Appendable> => mesh.log
    await appendPosts(posts.slice(0, first), { target, pauseMs: () => 0, acknowledged })
    await firstTold(mesh)
    const appending = new Appending(mesh, posts.slice(first), { acknowledged, random: seededInteger(seed + 1) })
    if (options.rebalanceMs === undefined) await happen(mesh, faults)
    else await rebalance(mesh, options.rebalanceMs)
    toldMeanwhile = mesh.observers.reduce((sum, { events }) => sum + events.length, 0)
    await appending.hurry()
    problems.push(...(await settled(mesh, acknowledged)))
    if (problems.length === 0 && random(3) === 0) problems.push(...(await outOfRange(mesh)))
  } catch (error) {
    problems.push(`the run failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  } finally {
    servers.kafka.resume()
    servers.cassandra.resume()
    if (problems.length > 0) problems.push(...new Set(mesh.members.failures))
    await mesh.close()
  }
  return {
    seed,
    faults,
    records: acknowledged.length,
    toldMeanwhile,
    processes: mesh.members.count,
    problems,
    seconds: (performance.now() - startedAt) / 1_000,
  }
}

/** Faults of a mesh that does not work yet would change nothing. */
async function firstTold({ observers, products }: ServerMesh): Promise<void> {
  const deadline = performance.now() + SETTLE_MS_MAX
  // What is derived may need more records before it has a row.
  while (observers.some(({ product, events }) => products.includes(product) && events.length === 0)) {
    if (performance.now() > deadline) throw new Error('nothing was told before the first fault')
    await sleep(POLL_MS)
  }
}

async function happen(mesh: ServerMesh, faults: readonly string[]): Promise<void> {
  for (const name of faults) {
    const fault = FAULTS[name]
    if (fault === undefined) throw new Error(`There is no fault "${name}": ${Object.keys(FAULTS).join(', ')}.`)
    await fault(mesh)
    await sleep(mesh.random(1_500))
  }
}

interface AppendingOptions {
  readonly acknowledged: Acknowledged[]
  /** Of its own: how the faults go must not hang on how many posts there have been. */
  readonly random: (below: number) => number
}

/** The posts, with pauses while faults happen and without them afterwards. */
class Appending {
  readonly #done: Promise<void>
  #hurries = false
  #over = false

  constructor(mesh: ServerMesh, posts: readonly Post[], { acknowledged, random }: AppendingOptions) {
    const target = async (): Promise<Appendable> => {
      if (this.#over) throw new Error(`records could not be appended for ${String(SETTLE_MS_MAX / 1_000)} s`)
      return mesh.log
    }
    const pauseMs = (): number => (this.#hurries ? 0 : random(POST_PAUSE_MS))
    this.#done = appendPosts(posts, { target, pauseMs, acknowledged })
    this.#done.catch(() => undefined)
  }

  async hurry(): Promise<void> {
    this.#hurries = true
    const timer = setTimeout(() => {
      this.#over = true
    }, SETTLE_MS_MAX)
    await this.#done
    clearTimeout(timer)
  }
}

/** Ends all streams of records, waits until everything has been taken and told, and compares. */
async function settled(mesh: ServerMesh, acknowledged: Acknowledged[]): Promise<readonly string[]> {
  await mesh.members.allStarted()
  await appendPosts(mesh.products.map(endMarks), { target: async () => mesh.log, pauseMs: () => 0, acknowledged })
  for (const product of mesh.products) await untilIngested(mesh.log, product, SETTLE_MS_MAX)
  const deadline = performance.now() + SETTLE_MS_MAX
  for (const observer of mesh.observers) {
    // Of what is derived nothing comes last.
    if (!mesh.products.includes(observer.product)) continue
    const marks = markKeys(observer.product)
    const isTold = (): boolean => marks.every((key) => observer.events.some((event) => event.key === key))
    while (!isTold() && observer.failures.length === 0 && performance.now() < deadline) await sleep(POLL_MS)
  }
  const problems: string[] = []
  for (const product of mesh.products) {
    const observers = mesh.observers.filter((observer) => observer.product === product)
    problems.push(...(await checkMesh({ log: mesh.log, store: mesh.store, product, acknowledged, observers })))
  }
  return [...problems, ...(await derivedProblems(mesh))]
}

/** Folds come to what they must be a while after their inputs, and stay so. */
async function derivedProblems({ log, store, derived, observers }: ServerMesh): Promise<readonly string[]> {
  const own = observers.filter(({ product }) => product === derived.told)
  const deadline = performance.now() + SETTLE_MS_MAX
  for (let right = 0; ;) {
    const problems = await checkDerived({ log, store, derived, observers: own })
    right = problems.length === 0 ? right + 1 : 0
    if (right === LOOKS_AT_DERIVED || performance.now() > deadline) return problems
    await sleep(DERIVED_POLL_MS)
  }
}
