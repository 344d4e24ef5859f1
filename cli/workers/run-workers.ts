// `meshgate gateway` in several processes: this one starts and watches them until it is stopped.
import type { Config } from '../../platform/config.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { EXIT, stopped, type CommandContext, type ExitCode } from '../command-context.ts'
import { createRoleLogger } from '../role-logger.ts'
import { urlHost } from '../url-host.ts'
import { WorkerPool } from './worker-pool.ts'

export interface Workers {
  readonly config: Config
  readonly workers: number
  readonly supergraphSdl: string
}

export async function runWorkers(
  { config, workers, supergraphSdl }: Workers,
  context: CommandContext,
): Promise<ExitCode> {
  const logger = createRoleLogger(config, context.terminal)
  const pool = new WorkerPool({ workers, supergraphSdl, clock: systemClock, logger })
  const stop = stopped(context)
  const started = await Promise.race([pool.start(), stop])
  // What keeps it from starting has been told by the worker.
  if (started !== undefined && 'exitCode' in started) return started.exitCode === EXIT.usage ? EXIT.usage : EXIT.failure
  if (started !== undefined) {
    context.terminal.print(`Gateway: http://${urlHost(config.host)}:${started.port}/ (${workers} workers)\n`)
    await stop
  }
  await pool.close()
  return EXIT.ok
}
