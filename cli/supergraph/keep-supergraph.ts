// Keeps a gateway at what its source holds: watches it, answers SIGHUP, and tells metrics and health.
import type { Logger } from 'pino'
import { systemClock } from '../../platform/system-clock.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { CommandContext } from '../command-context.ts'
import type { OpenedSupergraph } from './open-supergraph.ts'
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
  const { source, supergraphSdl } = opened
  const watch =
    source === null
      ? null
      : watchSupergraph({
          source,
          supergraphSdl,
          replace,
          clock: systemClock,
          logger,
          onOutcome: (outcome) => metrics.record('gatewaySupergraphReloads', 1, { outcome }),
          ...(onState === undefined ? {} : { onState }),
        })
  const first: SupergraphState = { id: supergraphId(supergraphSdl), problem: null }
  const state = (): SupergraphState => watch?.state() ?? first
  metrics.read('gatewaySupergraph', () => [[1, { id: state().id }]])
  metrics.read('gatewaySupergraphStale', () => [[state().problem === null ? 0 : 1, {}]])
  // On a terminal the signal says that it is closed: then the gateway ends.
  if (watch !== null && context.signals !== undefined && !context.terminal.interactive) {
    context.signals.onHangUp = () => watch.reload()
  }
  return { state, close: async () => watch?.close() }
}
