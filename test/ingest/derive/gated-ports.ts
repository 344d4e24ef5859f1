// Lets the calls of several owners go one at a time, in an order of the test's choosing: each waits for its turn before it begins and before it
// returns, so that what one has read another may change before it acts on it.
import { setImmediate } from 'node:timers/promises'
import type { EventLog } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import type { Random } from '../random-things.ts'

interface Ports {
  readonly log: EventLog
  readonly store: Store
}

interface Waiting {
  readonly owner: Pace
  readonly go: () => void
}

/** How often an owner's calls get their turn, beside others': a hundredth is one that hangs. */
export interface Pace {
  weight: number
}

/** Turns of the event loop in which nothing came: stages give way for one at a time. */
const TURNS_AT_REST = 3

export class Gates {
  readonly #random: Random
  #waiting: Waiting[] = []
  #underWay = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Gives turns until the work has ended; `between` runs while nothing else does. */
  async run(work: Promise<unknown>, between: () => Promise<void>): Promise<void> {
    let ended = false
    const end = (): void => void (ended = true)
    work.then(end, end)
    while (!ended) {
      await this.#rest()
      if (this.#waiting.length === 0) continue
      await between()
      const [next] = this.#waiting.splice(this.#choose(), 1)
      next?.go()
    }
    await work
  }

  ports({ log, store }: Ports, owner: Pace): Ports {
    return { log: this.#gated(log, owner), store: this.#gated(store, owner) }
  }

  /** Until nobody does anything but wait: who waits is then the same in every run. */
  async #rest(): Promise<void> {
    for (let turns = 0, before = -1; turns < TURNS_AT_REST;) {
      await setImmediate()
      turns = this.#underWay === 0 && this.#waiting.length === before ? turns + 1 : 0
      before = this.#waiting.length
    }
  }

  #choose(): number {
    const sum = this.#waiting.reduce((total, { owner }) => total + owner.weight, 0)
    let left = (this.#random(1_000_000) / 1_000_000) * sum
    const found = this.#waiting.findIndex(({ owner }) => (left -= owner.weight) < 0)
    return Math.max(0, found)
  }

  #gated<Port extends object>(port: Port, owner: Pace): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const method = member.bind(target) as (...given: unknown[]) => Promise<unknown>
        return async (...given: unknown[]) => {
          await this.#turn(owner)
          this.#underWay += 1
          const result = await method(...given).finally(() => (this.#underWay -= 1))
          await this.#turn(owner)
          return result
        }
      },
    })
  }

  #turn(owner: Pace): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ owner, go: resolve }))
  }
}
