// One run: the lives that its seed has drawn, records appended all the while, and at the end, in a mesh without faults, the comparison.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededInteger } from '../../seeded-random.ts'
import { checkDerived } from '../check-derived.ts'
import { checkMesh } from '../check.ts'
import { endMarks, markKeys } from '../end-marks.ts'
import type { FaultProduct } from '../fault-products.ts'
import { Observer, type Subscribable } from '../observer.ts'
import { appendPosts, type Acknowledged, type Appendable } from '../post-appender.ts'
import { untilIngested } from '../topic-contents.ts'
import { makeWorkload } from '../workload.ts'
import type { ChildPool } from './child-mesh.ts'
import { DiskErrors } from './disturb.ts'
import type { SmallDisk } from './full-disk.ts'
import { liveThrough } from './live-through.ts'
import { openMesh, type EmbeddedMesh } from './mesh.ts'
import { passRetention } from './pass-retention.ts'
import { planRun, type RunPlan } from './run-plan.ts'

export interface RunPorts {
  /** Where directories of runs are made. */
  readonly directory: string
  readonly disk: SmallDisk | null
  readonly children: ChildPool
}

export interface RunReport {
  readonly plan: RunPlan
  /** What was wrong, in words; nothing: all was as it must be. */
  readonly differences: readonly string[]
  readonly kills: number
  /** Records acknowledged. */
  readonly records: number
  /** Times that observers came back with a cursor. */
  readonly resumed: number
}

/** The mesh of now; who asks while there is none waits for the next. */
export class MeshSlot {
  #current = Promise.withResolvers<Living>()
  #isSet = false

  set(mesh: Living): void {
    this.#isSet = true
    this.#current.resolve(mesh)
  }

  clear(): void {
    // Whoever waits already waits for the next.
    if (this.#isSet) this.#current = Promise.withResolvers<Living>()
    this.#isSet = false
  }

  get(): Promise<Living> {
    return this.#current.promise
  }
}

export interface Living extends Appendable {
  endpoint(product: FaultProduct): Subscribable
}

/** Against hanging only. */
const PATIENCE_MS = 240_000
const POLL_MS = 5
/** What is due is in the log when an observer is asked for it: this is for its way. */
const TOLD_PATIENCE_MS = 20_000

export function planOf(seed: number): RunPlan {
  return planRun(seed, ({ products, records }) => makeWorkload({ seed, products, records }).length)
}

export async function runSeed(seed: number, ports: RunPorts): Promise<RunReport> {
  const plan = planOf(seed)
  const small = plan.faults.includes('DISK_FULL') && ports.disk !== null
  const directory = await mkdtemp(join(small ? ports.disk.path : ports.directory, `run-${seed}-`))
  const slot = new MeshSlot()
  const observers = [...plan.products, plan.derived.told].map(
    (product) => new Observer(product, async () => (await slot.get()).endpoint(product)),
  )
  try {
    return await run({ plan, ports, directory, slot, observers })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What the parts of a run share. */
export interface Running {
  readonly plan: RunPlan
  readonly ports: RunPorts
  readonly directory: string
  readonly slot: MeshSlot
  readonly observers: readonly Observer[]
}

async function run(running: Running): Promise<RunReport> {
  const { plan, directory, slot, observers } = running
  const { seed, products } = plan
  const random = seededInteger(seed * 2 + 3)
  const acknowledged: Acknowledged[] = []
  const options = { target: () => slot.get(), pauseMs: () => random(4), acknowledged }
  let postsDone = 0
  const started = Promise.all(observers.map((observer) => observer.started()))
  const appending = started.then(async () => {
    for (const post of makeWorkload({ seed, products, records: plan.records })) {
      await appendPosts([post], options)
      postsDone++
    }
  })
  // It is awaited below; until then a failure of it must not end the process.
  appending.catch(() => undefined)
  const kills = await liveThrough(running, random, () => postsDone)
  const mesh = await openMesh({ ...plan, directory, points: new DiskErrors(random) })
  slot.set(mesh)
  const differences: string[] = []
  try {
    await appending
    await settle(mesh, { products, observers, options })
    for (const product of products) {
      const own = observers.filter((observer) => observer.product === product)
      differences.push(
        ...(await checkMesh({ log: mesh.log, store: mesh.realStore, product, acknowledged, observers: own })),
      )
    }
    differences.push(...(await derivedDifferences(mesh, plan, observers)))
    if (plan.faults.includes('RETENTION')) differences.push(...(await passRetention(mesh, products, observers)))
  } catch (error) {
    differences.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await Promise.all(observers.map((observer) => observer.close()))
    await mesh.close()
  }
  const resumed = observers.reduce((sum, observer) => sum + observer.resumed, 0)
  return { plan, differences, kills, records: acknowledged.length, resumed }
}

/** Ingest has caught up with what the inputs told; observers may be told of it a little later. */
async function derivedDifferences(
  { members, log, realStore }: EmbeddedMesh,
  { derived }: RunPlan,
  observers: readonly Observer[],
): Promise<readonly string[]> {
  await Promise.all(members.map((member) => member.caughtUp()))
  const own = observers.filter((observer) => observer.product === derived.told)
  const deadline = performance.now() + TOLD_PATIENCE_MS
  for (;;) {
    const differences = await checkDerived({ log, store: realStore, derived, observers: own })
    if (differences.length === 0 || performance.now() > deadline) return differences
    await sleep(POLL_MS)
  }
}

interface Settling {
  readonly products: readonly FaultProduct[]
  readonly observers: readonly Observer[]
  readonly options: Parameters<typeof appendPosts>[1]
}

/** Until everything is ingested and the observers have been told all of it. */
async function settle({ log }: EmbeddedMesh, { products, observers, options }: Settling): Promise<void> {
  for (const product of products) await untilIngested(log, product, PATIENCE_MS)
  await appendPosts(products.map(endMarks), options)
  const deadline = performance.now() + PATIENCE_MS
  for (const { product, events, failures } of observers) {
    // Of what is derived nothing comes last.
    if (!products.includes(product)) continue
    const due = markKeys(product)
    while (failures.length === 0 && !due.every((key) => events.some((event) => event.key === key))) {
      if (performance.now() > deadline)
        throw new Error(`${product.name}: the observer was told ${events.length} changes and no end`)
      await sleep(POLL_MS)
    }
  }
}
