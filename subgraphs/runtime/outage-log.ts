// What the log says of requests that a store or log which is away fails: one line when it begins and one now and then while it lasts, with how
// many there were; each of them at debug only. That it is over is told by whoever watches the server.
import type { MeshgateError } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { ToldFailures } from '../../platform/telemetry/told-failures.ts'
import type { SubgraphLogger } from './format-error.ts'

export interface OutageLogOptions {
  readonly logger: SubgraphLogger
  readonly clock: Clock
  readonly subgraph: string
}

export class OutageLog {
  readonly #options: OutageLogOptions
  /** By code. */
  readonly #told: ToldFailures

  constructor(options: OutageLogOptions) {
    this.#options = options
    this.#told = new ToldFailures(options.clock)
  }

  failed(error: MeshgateError, path: readonly (string | number)[] | undefined): void {
    const { logger, subgraph } = this.#options
    logger.debug({ err: error, subgraph, path }, error.message)
    const failedSince = this.#told.next(error.code)
    if (failedSince === null) return
    logger.warn({ err: error, subgraph, failedSince }, 'Requests fail, and are answered so that clients try again.')
  }
}
