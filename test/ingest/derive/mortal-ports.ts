// The ports of a process that dies: after so many calls everything it asks for fails, and whether the last call did its work is not told.
import type { ConsumeOptions, EventLog } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import type { Random } from '../random-things.ts'

const LOG_CALLS = ['append', 'read', 'offsets', 'committed', 'createTopics'] as const
const STORE_CALLS = ['read', 'write', 'writeAtomic', 'page', 'scan', 'migrate'] as const

export class MortalPorts {
  readonly log: EventLog
  readonly store: Store
  /** Resolves when it dies. */
  readonly died: Promise<void>
  readonly #random: Random
  readonly #die: () => void
  #callsLeft: number
  #dead = false

  constructor(real: { readonly log: EventLog; readonly store: Store }, callsLeft: number, random: Random) {
    this.#callsLeft = callsLeft
    this.#random = random
    const death = Promise.withResolvers<void>()
    this.died = death.promise
    this.#die = death.resolve
    this.log = this.#wrapped(real.log, LOG_CALLS, {
      timestampResolutionUs: real.log.timestampResolutionUs,
      consume: (options: ConsumeOptions) => {
        const handler: ConsumeOptions['handler'] = async (batch, signal) => {
          this.#requireLife()
          await options.handler(batch, signal)
          this.#requireLife()
        }
        return real.log.consume({ ...options, handler })
      },
    })
    this.store = this.#wrapped(real.store, STORE_CALLS, {})
  }

  get dead(): boolean {
    return this.#dead
  }

  kill(): void {
    this.#dead = true
    this.#die()
  }

  #requireLife(): void {
    if (this.#dead) throw new Error('The process is dead.')
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    this.#requireLife()
    this.#callsLeft -= 1
    if (this.#callsLeft > 0) return call()
    this.kill()
    // The call may have left the process all the same.
    if (this.#random(2) === 0) await call()
    throw new Error('The process dies.')
  }

  #wrapped<Port extends object>(port: Port, names: readonly string[], own: Readonly<Record<string, unknown>>): Port {
    return new Proxy(port, {
      get: (target, name) => {
        if (typeof name === 'string' && Object.hasOwn(own, name)) return own[name]
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const method = member.bind(target) as (...given: unknown[]) => Promise<unknown>
        if (typeof name !== 'string' || !names.includes(name)) return method
        return (...given: unknown[]) => this.#call(() => method(...given))
      },
    })
  }
}
