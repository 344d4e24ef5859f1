// Lets several processes' calls of the ports go one at a time, in an order of the test's choosing: each call, and each part of one, waits for
// its turn before it begins and before it returns.
import { setImmediate } from 'node:timers/promises'
import type { AppendRecord, EventLog, Position } from '../../platform/ports/event-log.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { type Random } from './random-things.ts'
import { fractions, shuffled } from '../seeded-random.ts'

export class Turns {
  readonly #random: Random
  #waiting: (() => void)[] = []
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
      await setImmediate()
      if (this.#underWay > 0 || this.#waiting.length === 0) continue
      await between()
      const [next] = this.#waiting.splice(this.#random(this.#waiting.length), 1)
      next?.()
    }
    await work
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    await this.#turn()
    this.#underWay++
    const result = await call().finally(() => this.#underWay--)
    await this.#turn()
    return result
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The ports as one process has them: writes in any order and parts, appends in order and in parts. */
  ports(real: { readonly log: EventLog; readonly store: Store }): { readonly log: EventLog; readonly store: Store } {
    const store = bound(real.store)
    const log = bound(real.log)
    return {
      store: {
        ...store,
        read: (table, keys, options) => this.#call(() => store.read(table, keys, options)),
        write: async (writes) => {
          const parts = this.#inParts<Write>(shuffled(writes, fractions(this.#random)))
          for (const part of parts) await this.#call(() => store.write(part))
        },
      },
      log: {
        ...log,
        timestampResolutionUs: real.log.timestampResolutionUs,
        append: async (topic, records) => {
          const positions: Position[] = []
          const parts = this.#inParts<AppendRecord>(records)
          for (const part of parts) positions.push(...(await this.#call(() => log.append(topic, part))))
          return positions
        },
      },
    }
  }

  #inParts<T>(values: readonly T[]): T[][] {
    const parts: T[][] = []
    for (let from = 0; from < values.length;) {
      const to = from + 1 + this.#random(values.length - from)
      parts.push(values.slice(from, to))
      from = to
    }
    return parts
  }
}

/** An object with the port's methods as its own, so that some can be replaced. */
function bound<Port extends object>(port: Port): Port {
  const methods: Record<string, unknown> = {}
  for (let proto: unknown = port; proto !== null && proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      const member: unknown = Reflect.get(port, name)
      if (typeof member === 'function' && !(name in methods)) methods[name] = member.bind(port) as unknown
    }
  }
  return methods as Port
}
