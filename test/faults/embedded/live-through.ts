// The lives of a run, one after the other: each opens the mesh on the same directory, goes through its faults and ends, by closing or by SIGKILL.
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_STORE_FAULTS } from './fault-store.ts'
import type { Crash } from './child-messages.ts'
import { losePositions, losePower, tearTails } from './damage.ts'
import { disturb, DiskErrors } from './disturb.ts'
import { openMesh } from './mesh.ts'
import type { ChildFault, Life } from './run-plan.ts'
import type { Running } from './run-seed.ts'

type Random = (below: number) => number

const POLL_MS = 2
/** Operations of a life on files and store: a crash behind them does not come, and the process is killed instead. */
const CRASH_OPERATIONS_MAX = 400
const KILL_DELAY_MS_MAX = 60

/** How often a process was killed. */
export async function liveThrough(running: Running, random: Random, postsDone: () => number): Promise<number> {
  let kills = 0
  for (const life of running.plan.lives) {
    if (life.positionsLost) losePositions(running.directory)
    const until = async (isOver: () => boolean): Promise<void> => {
      while (postsDone() < life.untilPosts && !isOver()) await sleep(POLL_MS)
    }
    if (life.child === null) await liveInside(running, life, random, until)
    else await liveInChild({ ...running, life, fault: life.child }, random, until)
    if (life.child !== null) kills++
  }
  return kills
}

type Until = (isOver: () => boolean) => Promise<void>

async function liveInside(
  { plan, ports, directory, slot, observers }: Running,
  life: Life,
  random: Random,
  until: Until,
) {
  const errors = new DiskErrors(random)
  const mesh = await openMesh({ ...plan, directory, points: errors })
  slot.set(mesh)
  const disk = plan.faults.includes('DISK_FULL') ? ports.disk : null
  const calm = disturb(life.faults, { mesh, observers, disk, errors, random })
  await until(() => false)
  await calm()
  slot.clear()
  await mesh.close()
}

interface ChildLife extends Running {
  readonly life: Life
  readonly fault: ChildFault
}

async function liveInChild({ plan, ports, directory, slot, life, fault }: ChildLife, random: Random, until: Until) {
  const child = ports.children.take()
  let dead = false
  void child.died.then(() => (dead = true))
  const opened = await child.open({
    directory,
    products: plan.products.map(({ name }) => name),
    seed: plan.seed,
    segmentBytesMax: plan.segmentBytesMax,
    batchRecordsMax: plan.batchRecordsMax,
    crash: crashOf(fault, random),
    store: {
      failsOneIn: life.faults.includes('STORE_REJECTS') ? 2 + random(6) : NO_STORE_FAULTS.failsOneIn,
      slowMsMax: life.faults.includes('STORE_SLOW') ? 1 + random(20) : NO_STORE_FAULTS.slowMsMax,
    },
  })
  if (opened) slot.set(child)
  await until(() => dead)
  // What was appended last is being ingested now.
  const delayMs = random(KILL_DELAY_MS_MAX)
  await Promise.race([child.died, sleep(delayMs)])
  await child.kill()
  slot.clear()
  if (fault === 'POWER_LOSS') losePower(directory, random)
  if (fault === 'TORN_TAIL') tearTails(directory, random)
}

function crashOf(fault: ChildFault, random: Random): Crash | null {
  const operation = 1 + random(CRASH_OPERATIONS_MAX)
  if (fault === 'CRASH_POINT') return { kind: 'POINT', operation }
  if (fault === 'TORN_WRITE') return { kind: 'TORN_WRITE', operation: 1 + (operation >> 2) }
  return fault === 'POWER_LOSS' ? { kind: 'POWER_LOSS', operation } : null
}
