// The logger of a role that the command line runs: to standard error, readable where that is a terminal.
import type { Logger } from 'pino'
import type { Config } from '../platform/config.ts'
import { createLogger } from '../platform/telemetry/logger.ts'
import type { Terminal } from './command-context.ts'

export function createRoleLogger(config: Config, terminal: Terminal): Logger {
  return createLogger({
    level: config.logLevel,
    readable: terminal.interactive,
    write: (line) => terminal.report(line),
  })
}

/** For what a command opens: what servers lack (copies, settings) is told by the roles, which run on them; a command tells what ends it. */
export function withoutAdvice(logger: Logger): Logger {
  return logger.isLevelEnabled('debug') ? logger : logger.child({}, { level: 'error' })
}
