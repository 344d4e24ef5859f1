// A store whose calls fail as a busy or lost server's do: refused, or applied in part or whole before the caller is told that they failed;
// and that takes its time.
import { setTimeout as sleep } from 'node:timers/promises'
import { MeshgateError } from '../../../platform/errors.ts'
import type { Store, Write } from '../../../platform/ports/store.ts'
import { fractions, shuffled } from '../../seeded-random.ts'

type Random = (below: number) => number

export interface StoreFaults {
  /** Of so many writes one fails, before it is applied, after it is in part, or after it is whole; 0: none. */
  readonly failsOneIn: number
  /** Longest time that a call takes beside its own. */
  readonly slowMsMax: number
}

export const NO_STORE_FAULTS: StoreFaults = { failsOneIn: 0, slowMsMax: 0 }

export class FaultStore implements Store {
  faults = NO_STORE_FAULTS
  /** Called before and after each write. */
  onWrite: () => void = () => undefined
  readonly #store: Store
  readonly #random: Random

  constructor(store: Store, random: Random) {
    this.#store = store
    this.#random = random
  }

  async write(writes: readonly Write[]): Promise<void> {
    this.onWrite()
    await this.#linger()
    const effect = this.#failsNow() ? this.#random(3) : 3
    if (effect === 0) throw this.#failure()
    // Without transactions any part of a call may be there.
    const part =
      effect === 1 ? shuffled(writes, fractions(this.#random)).slice(0, this.#random(writes.length + 1)) : writes
    await this.#store.write(part)
    this.onWrite()
    await this.#linger()
    if (effect < 3) throw this.#failure()
  }

  async writeAtomic(writes: readonly Write[]): Promise<void> {
    await this.#linger()
    if (this.#failsNow()) throw this.#failure()
    await this.#store.writeAtomic(writes)
    if (this.#failsNow()) throw this.#failure()
  }

  async read(...call: Parameters<Store['read']>): ReturnType<Store['read']> {
    await this.#linger()
    if (this.#failsNow()) throw this.#failure()
    return this.#store.read(...call)
  }

  drop(...call: Parameters<Store['drop']>): ReturnType<Store['drop']> {
    return this.#store.drop(...call)
  }

  migrate(...call: Parameters<Store['migrate']>): ReturnType<Store['migrate']> {
    return this.#store.migrate(...call)
  }

  page(...call: Parameters<Store['page']>): ReturnType<Store['page']> {
    return this.#store.page(...call)
  }

  scan(...call: Parameters<Store['scan']>): ReturnType<Store['scan']> {
    return this.#store.scan(...call)
  }

  byIndex(...call: Parameters<Store['byIndex']>): ReturnType<Store['byIndex']> {
    return this.#store.byIndex(...call)
  }

  ping(): Promise<void> {
    return this.#store.ping()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #failsNow(): boolean {
    return this.faults.failsOneIn > 0 && this.#random(this.faults.failsOneIn) === 0
  }

  async #linger(): Promise<void> {
    const { slowMsMax } = this.faults
    if (slowMsMax > 0) await sleep(this.#random(slowMsMax + 1))
  }

  #failure(): MeshgateError {
    const code = this.#random(2) === 0 ? 'STORE_OVERLOADED' : 'STORE_UNAVAILABLE'
    return new MeshgateError(code, 'The fault suite says that the store failed. It will go on.')
  }
}
