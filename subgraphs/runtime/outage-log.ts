// What the log says of requests that a store or log which is away fails: one line when it begins and one now and then while it lasts, with how
// many there were; each of them at debug only. That it is over is told by whoever watches the server.
import type { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SubgraphLogger } from './format-error.ts'

export interface OutageLogOptions {
  readonly logger: SubgraphLogger
  readonly clock: Clock
  readonly subgraph: string
}

export class OutageLog {
  readonly #options: OutageLogOptions
  /** By code: when it was told, and how many have failed since. */
  readonly #told = new Map<string, { readonly atMs: number; requests: number }>()

  constructor(options: OutageLogOptions) {
    this.#options = options
  }

  failed(error: MeshgateError, path: readonly (string | number)[] | undefined): void {
    const { logger, clock, subgraph } = this.#options
    logger.debug({ err: error, subgraph, path }, error.message)
    const nowMs = clock.monotonic()
    const told = this.#told.get(error.code)
    if (told !== undefined && nowMs - told.atMs < limits.failureLogIntervalMs) {
      told.requests += 1
      return
    }
    const failedSince = told?.requests ?? 0
    this.#told.set(error.code, { atMs: nowMs, requests: 0 })
    logger.warn({ err: error, subgraph, failedSince }, 'Requests fail, and are answered so that clients try again.')
  }
}
