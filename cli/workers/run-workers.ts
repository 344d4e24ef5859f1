// `meshgate gateway` in several processes: this one starts and watches them until it is stopped.
import type { Config } from '../../platform/config.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { EXIT, stopped, type CommandContext, type ExitCode } from '../command-context.ts'
import { keepSupergraph } from '../supergraph/keep-supergraph.ts'
import type { OpenedSupergraph } from '../supergraph/open-supergraph.ts'
import type { SupergraphState } from '../supergraph/watch-supergraph.ts'
import { createRoleLogger } from '../role-logger.ts'
import { urlHost } from '../url-host.ts'
import { WorkerPool } from './worker-pool.ts'

export interface Workers {
  readonly config: Config
  readonly workers: number
  readonly opened: OpenedSupergraph
}

export async function runWorkers({ config, workers, opened }: Workers, context: CommandContext): Promise<ExitCode> {
  const logger = createRoleLogger(config, context.terminal)
  const { supergraphSdl } = opened
  const pool = new WorkerPool({ workers, supergraphSdl, clock: systemClock, logger })
  const stop = stopped(context)
  const started = await Promise.race([pool.start(), stop])
  // What keeps it from starting has been told by the worker.
  if (started !== undefined && 'exitCode' in started) return started.exitCode === EXIT.usage ? EXIT.usage : EXIT.failure
  if (started !== undefined) {
    context.terminal.print(`Gateway: http://${urlHost(config.host)}:${started.port}/ (${workers} workers)\n`)
    const { metrics } = pool
    const replace = (next: string): Promise<void> => pool.replace(next)
    const onState = ({ problem }: SupergraphState): void => pool.tellStale(problem)
    const kept = keepSupergraph({ opened, replace, context, logger, metrics, onState })
    await stop
    await kept.close()
  }
  await pool.close()
  return EXIT.ok
}
