// The ports of an owner that hangs: a call that the test has named waits until it is let go.
import type { Ports } from './fold-bed.ts'

/** Which calls: a method, and what its first argument names (a topic or a table). */
interface Named {
  readonly method: string
  readonly of: string
}

export interface Hold {
  /** Resolves when the call is there. */
  readonly reached: Promise<void>
  release(): void
}

interface Waiting extends Named {
  /** Calls to let through before it. */
  left: number
  readonly reached: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

export class HeldPorts {
  readonly #waiting: Waiting[] = []

  /** The next such call, or the one so many after it. */
  hold(method: string, of: string, after = 0): Hold {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.#waiting.push({ method, of, left: after, reached, released })
    return { reached: reached.promise, release: released.resolve }
  }

  readonly through = ({ log, store }: Ports): Ports => ({ log: this.#held(log), store: this.#held(store) })

  #held<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const method = member.bind(target) as (...given: unknown[]) => Promise<unknown>
        return async (...given: unknown[]) => {
          await this.#pass(String(name), given[0])
          return method(...given)
        }
      },
    })
  }

  async #pass(method: string, first: unknown): Promise<void> {
    const found = this.#waiting.find((each) => each.method === method && each.of === nameIn(first))
    if (found === undefined) return
    found.left -= 1
    if (found.left >= 0) return
    this.#waiting.splice(this.#waiting.indexOf(found), 1)
    found.reached.resolve()
    await found.released.promise
  }
}

/** Of an argument that is a topic or table, or a list of writes. */
function nameIn(first: unknown): unknown {
  return Array.isArray(first) ? (first[0] as { readonly table?: unknown } | undefined)?.table : first
}
