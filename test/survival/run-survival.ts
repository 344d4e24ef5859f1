// One run: clients over every way follow a writer while one thing after the other is ended and started again; then all is compared.
import { setTimeout as sleep } from 'node:timers/promises'
import { fractions, seededInteger, shuffled } from '../seeded-random.ts'
import { checkFollower, checkWritten } from './check-survival.ts'
import { Follower, type FollowerOptions } from './follower.ts'
import type { SurvivalMesh } from './survival-mesh.ts'
import { SHELVES } from './survival-product.ts'
import { Writer } from './writer.ts'

export interface SurvivalRun {
  readonly seed: number
  readonly faults: readonly Outage[]
  readonly clients: number
  readonly records: number
  readonly told: number
  readonly interruptions: number
  /** Changes that lie in the topic twice. */
  readonly repetitions: number
  /** In words; none: every client was told everything once. */
  readonly problems: readonly string[]
  readonly seconds: number
}

/** How long nothing was told: the longest pause of the client in the middle, and of the one with the longest. */
export interface Outage {
  readonly fault: string
  readonly awayMs: number
  readonly medianMs: number
  readonly longestMs: number
}

export interface SurvivalOptions {
  readonly mesh: SurvivalMesh
  readonly seed: number
  /** In place of all, in an order that the seed draws. */
  readonly faults?: readonly string[] | undefined
  /** Told of each fault. */
  readonly onOutage?: (outage: Outage) => void
}

/** Over each way: all shelves, one, and one with its rows first. Half of them come later. */
const CLIENTS_PER_WAY = 5
const CUT_ONE_IN = 3
/** Against hanging: longer than clients, gateways and subgraphs pause between two attempts. */
const SETTLE_MS_MAX = 120_000
const POLL_MS = 20
const STEADY_MS = 700

export async function runSurvival({ mesh, seed, faults, onOutage }: SurvivalOptions): Promise<SurvivalRun> {
  const startedMs = performance.now()
  const random = seededInteger(seed)
  const names = faults ?? shuffled(Object.keys(mesh.faults), fractions(random))
  const followers: Follower[] = []
  const writer = new Writer(mesh.ingest, seed)
  const outages: Outage[] = []
  const problems: string[] = []
  let repetitions = 0
  const come = async (snapshot: boolean): Promise<void> => {
    for (const options of clientsOf(mesh, snapshot)) followers.push(new Follower(options, followers.length))
    await until('clients begin', () => followers.every(({ hasBegun }) => hasBegun))
  }
  try {
    await come(false)
    writer.start()
    await toldOn(followers)
    await come(true)
    for (const fault of names) {
      const outage = await happen({ mesh, followers, random }, fault)
      outages.push(outage)
      onOutage?.(outage)
    }
    await moveAll(followers, mesh.gateways.length)
    await writer.stop()
    const written = checkWritten(await mesh.contents(), writer.acknowledged)
    repetitions = written.repetitions
    const open = (): string[] => followers.flatMap((follower) => checkFollower(follower, written.histories))
    // What is missing may still be on its way.
    const deadline = performance.now() + SETTLE_MS_MAX
    while (open().length > 0 && performance.now() < deadline) await sleep(POLL_MS * 10)
    problems.push(...written.problems, ...open())
  } catch (error) {
    problems.push(`the run failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    for (const { failures } of followers) problems.push(...failures)
  } finally {
    await writer.stop().catch((error: unknown) => problems.push(String(error)))
    await Promise.all(followers.map((follower) => follower.close()))
  }
  return {
    seed,
    faults: outages,
    clients: followers.length,
    records: writer.acknowledged.length,
    told: followers.reduce((sum, { told }) => sum + told.length, 0),
    interruptions: followers.reduce((sum, { interruptions }) => sum + interruptions, 0),
    repetitions,
    problems,
    seconds: (performance.now() - startedMs) / 1_000,
  }
}

function clientsOf({ gateways }: SurvivalMesh, snapshot: boolean): FollowerOptions[] {
  return (['socket', 'event stream'] as const).flatMap((way) =>
    Array.from({ length: CLIENTS_PER_WAY }, (_, index) => {
      const shelf = SHELVES[index] ?? null
      return { gateways, way, shelf, snapshot }
    }),
  )
}

interface Scene {
  readonly mesh: SurvivalMesh
  readonly followers: readonly Follower[]
  readonly random: (below: number) => number
}

async function happen({ mesh, followers, random }: Scene, name: string): Promise<Outage> {
  const fault = mesh.faults[name]
  if (fault === undefined) throw new Error(`There is no fault "${name}": ${Object.keys(mesh.faults).join(', ')}.`)
  await sleep(STEADY_MS + random(STEADY_MS))
  const startedMs = performance.now()
  await fault()
  const awayMs = performance.now() - startedMs
  await toldOn(followers)
  await sleep(STEADY_MS)
  const pauses = followers.map((follower) => longestPause(follower, startedMs)).toSorted((one, other) => one - other)
  // In between they come to the other gateway with the cursor of this one.
  for (const follower of followers) if (random(CUT_ONE_IN) === 0) follower.cut()
  await toldOn(followers)
  return { fault: name, awayMs, medianMs: pauses[pauses.length >> 1] ?? 0, longestMs: pauses.at(-1) ?? 0 }
}

/** Each has been at each gateway, with the cursor of another. */
async function moveAll(followers: readonly Follower[], gateways: number): Promise<void> {
  const staying = (): Follower[] => followers.filter(({ visited }) => visited.size < gateways)
  for (let turn = 0; turn < gateways && staying().length > 0; turn++) {
    for (const follower of staying()) follower.cut()
    await toldOn(followers)
  }
  if (staying().length > 0) throw new Error(`${staying().length} clients were never at each gateway`)
}

function longestPause({ told }: Follower, fromMs: number): number {
  let longest = 0
  let before = told.findLast(({ atMs }) => atMs < fromMs)?.atMs ?? fromMs
  for (const { atMs } of told) {
    if (atMs < fromMs) continue
    longest = Math.max(longest, atMs - before)
    before = atMs
  }
  return longest
}

/** Each is told more than it has been. */
async function toldOn(followers: readonly Follower[]): Promise<void> {
  const nowMs = performance.now()
  await until('every client is told something new', () =>
    followers.every(({ told, failures }) => failures.length > 0 || (told.at(-1)?.atMs ?? 0) > nowMs),
  )
  const failed = followers.filter(({ failures }) => failures.length > 0)
  if (failed.length > 0) throw new Error('clients failed')
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + SETTLE_MS_MAX
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`)
    await sleep(POLL_MS)
  }
}
