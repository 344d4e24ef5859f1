// Keeps a gateway at what its source holds: watches it, answers SIGHUP, and tells metrics and health.
import type { Logger } from 'pino'
import { systemClock } from '../../platform/system-clock.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { CommandContext } from '../command-context.ts'
import type { OpenedSupergraph } from './open-supergraph.ts'
import type { SupergraphCopy } from './supergraph-copy.ts'
import { supergraphId } from './supergraph-source.ts'
import { watchSupergraph, type SupergraphState } from './watch-supergraph.ts'

export interface ServedSupergraph {
  readonly state: () => SupergraphState
  close(): Promise<void>
}

export interface KeepSupergraphOptions {
  readonly opened: OpenedSupergraph
  readonly replace: (supergraphSdl: string) => Promise<void>
  readonly context: CommandContext
  readonly logger: Logger
  readonly metrics: Metrics
  readonly onState?: (state: SupergraphState) => void
}

export function keepSupergraph(options: KeepSupergraphOptions): ServedSupergraph {
  const { opened, replace, context, logger, metrics, onState } = options
  const { source, supergraphSdl, stale } = opened
  const keeping = new Keeping(opened, logger)
  const watch =
    source === null
      ? null
      : watchSupergraph({
          source,
          supergraphSdl,
          stale,
          replace: async (next) => {
            await replace(next)
            keeping.serves(next)
          },
          onSeen: () => keeping.seen(),
          clock: systemClock,
          logger,
          onOutcome: (outcome) => metrics.record('gatewaySupergraphReloads', 1, { outcome }),
          ...(onState === undefined ? {} : { onState }),
        })
  const first: SupergraphState = { id: supergraphId(supergraphSdl), problem: null, seenAtMs: systemClock.now() }
  const state = (): SupergraphState => watch?.state() ?? first
  metrics.read('gatewaySupergraph', () => [[1, { id: state().id }]])
  metrics.read('gatewaySupergraphStale', () => [[state().problem === null ? 0 : 1, {}]])
  if (source !== null) {
    metrics.read('gatewaySupergraphAge', () => [[Math.max(0, systemClock.now() - state().seenAtMs) / 1_000, {}]])
  }
  if (stale !== null) onState?.(state())
  else void keeping.seen()
  // On a terminal the signal says that it is closed: then the gateway ends.
  if (watch !== null && context.signals !== undefined && !context.terminal.interactive) {
    context.signals.onHangUp = () => watch.reload()
  }
  return { state, close: async () => watch?.close() }
}

/** Has the copy hold what is served. That it cannot is told once, and nothing else depends on it. */
class Keeping {
  readonly #copy: SupergraphCopy | null
  readonly #logger: Logger
  #served: string
  /** What the copy holds. */
  #kept: string | null
  #hasFailed = false

  constructor({ copy, supergraphSdl, stale }: OpenedSupergraph, logger: Logger) {
    this.#copy = copy
    this.#logger = logger
    this.#served = supergraphSdl
    this.#kept = stale === null ? null : supergraphSdl
  }

  serves(supergraphSdl: string): void {
    this.#served = supergraphSdl
  }

  /** What is served is what the source has. Never rejects. */
  async seen(): Promise<void> {
    const [copy, served] = [this.#copy, this.#served]
    if (copy === null) return
    try {
      if (this.#kept === served) await copy.seen()
      else await copy.keep(served)
      this.#kept = served
      this.#hasFailed = false
    } catch (error) {
      this.#kept = null
      if (!this.#hasFailed) this.#logger.warn({ err: error }, 'The copy of the supergraph cannot be written.')
      this.#hasFailed = true
    }
  }
}
