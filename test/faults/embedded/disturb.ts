// The faults of one life in this process: each goes on until the life ends, and then everything is as it should be again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Observer } from '../observer.ts'
import type { FilePoints } from './fault-files.ts'
import { NO_STORE_FAULTS } from './fault-store.ts'
import type { SmallDisk } from './full-disk.ts'
import type { EmbeddedMesh } from './mesh.ts'
import type { InsideFault } from './run-plan.ts'

type Random = (below: number) => number

/** Set while a disk fails; what a mesh in this process is opened with. */
export class DiskErrors implements FilePoints {
  oneIn = 0
  /** Of the operations behind a failed one every second fails too: what is done about a failure meets a disk that still fails. */
  #failing = false
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  onOperation(): void {
    return
  }

  torn(): null {
    return null
  }

  onTorn(): void {
    return
  }

  failure(): 'EIO' | 'ENOSPC' | null {
    this.#failing = this.oneIn > 0 && this.#random(this.#failing ? 2 : this.oneIn) === 0
    if (!this.#failing) return null
    return this.#random(2) === 0 ? 'EIO' : 'ENOSPC'
  }
}

export interface Disturbed {
  readonly mesh: EmbeddedMesh
  readonly observers: readonly Observer[]
  readonly disk: SmallDisk | null
  readonly errors: DiskErrors
  readonly random: Random
}

type Step = (at: Disturbed) => Promise<void> | void

const HOUR_MS = 3_600_000
const MEMBERS_MAX = 4

/** What each fault does again and again, some milliseconds apart. */
const STEPS: Readonly<Record<InsideFault, Step>> = {
  // Where nothing can be mounted the log alone finds its disk full.
  async DISK_FULL({ disk, errors, random }) {
    if (disk === null) errors.oneIn = 3
    else disk.fill()
    await sleep(5 + random(40))
    if (disk === null) errors.oneIn = 0
    else disk.empty()
    await sleep(10 + random(40))
  },
  DISK_ERRORS({ errors, random }) {
    errors.oneIn = random(3) === 0 ? 0 : 4 + random(20)
  },
  STORE_REJECTS({ mesh, random }) {
    mesh.store.faults = { ...mesh.store.faults, failsOneIn: random(4) === 0 ? 0 : 2 + random(6) }
  },
  STORE_SLOW({ mesh, random }) {
    mesh.store.faults = { ...mesh.store.faults, slowMsMax: random(4) === 0 ? 0 : 2 + random(30) }
  },
  async REBALANCE({ mesh, random }) {
    const joins = mesh.members.length < 2 || (mesh.members.length < MEMBERS_MAX && random(2) === 0)
    // A store that fails may keep a member from joining.
    if (joins) await mesh.join().catch(() => undefined)
    else await mesh.leave(random(mesh.members.length))
  },
  CLOCK({ mesh, random }) {
    mesh.clock.offsetMs = random(4) === 0 ? 0 : random(4 * HOUR_MS) - 2 * HOUR_MS
  },
  async SUBSCRIBER_DROPS({ observers, random }) {
    await observers[random(observers.length)]?.drop()
  },
  async MAINTENANCE({ mesh }) {
    await mesh.maintain().catch(() => undefined)
  },
}

/** Begins the faults; the returned function ends them. */
export function disturb(faults: readonly InsideFault[], at: Disturbed): () => Promise<void> {
  let over = false
  const run = async (fault: InsideFault): Promise<void> => {
    while (!over) {
      await STEPS[fault](at)
      await sleep(1 + at.random(12))
    }
  }
  const running = faults.map(run)
  return async () => {
    over = true
    await Promise.all(running)
    at.errors.oneIn = 0
    at.disk?.empty()
    at.mesh.store.faults = NO_STORE_FAULTS
    at.mesh.clock.offsetMs = 0
  }
}
