// How many of something clients have open: in all, and each of them.

export interface CountBounds {
  /** 0: any number. */
  readonly all: number
  /** 0: any number. */
  readonly perClient: number
}

/** What there are too many of already. */
export type TooMany = 'all' | 'client'

export class ClientCounts {
  readonly bounds: CountBounds
  readonly #clients = new Map<string, number>()
  #all = 0

  constructor(bounds: CountBounds) {
    this.bounds = bounds
  }

  get all(): number {
    return this.#all
  }

  /** `client`: null where it is none that is counted. Returns what gives the place back, which may be called again; or of what there are too many. */
  take(client: string | null): (() => void) | TooMany {
    const { all, perClient } = this.bounds
    if (all > 0 && this.#all >= all) return 'all'
    const ofClient = client === null ? 0 : (this.#clients.get(client) ?? 0)
    if (perClient > 0 && ofClient >= perClient) return 'client'
    this.#all += 1
    if (client !== null) this.#clients.set(client, ofClient + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#all -= 1
      if (client === null) return
      const left = (this.#clients.get(client) ?? 1) - 1
      if (left === 0) this.#clients.delete(client)
      else this.#clients.set(client, left)
    }
  }
}
