// Ingest retries what fails, for ever and with a log line each time. Where a command waits for it to finish (a first start, a load), a
// full disk ends the command instead, as the one line that it ends with.
import type { Logger } from 'pino'
import type { IngestLogger } from '../ingest/main.ts'
import { MeshgateError } from '../platform/errors.ts'

export interface IngestWatch {
  /** For ingest: leaves out what ends the command. */
  readonly logger: IngestLogger
  /** Rejects when the disk is full before `end`; never resolves. */
  readonly failed: Promise<never>
  /** From now on a full disk is logged, and ingest goes on when there is space. */
  end(): void
}

const DISK_FULL_CODES: readonly string[] = ['LOG_DISK_FULL', 'STORE_DISK_FULL']

/** `info`: a command tells its own progress, so what ingest says of itself is for who looks for faults; not so in a role. */
export function watchIngest(logger: Logger, info: 'info' | 'debug' = 'debug'): IngestWatch {
  let watching = true
  // What ingest goes on to say follows from the failure, and the command ends with that.
  let ending = false
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => undefined)
  const endsCommand = (details: object): boolean => {
    if (!watching || !('error' in details)) return false
    const { error } = details
    if (!(error instanceof MeshgateError) || !DISK_FULL_CODES.includes(error.code)) return false
    reject(error)
    ending = true
    return true
  }
  return {
    logger: {
      info: (details, message) => {
        if (!ending) logger[info](details, message)
      },
      warn: (details, message) => {
        if (!endsCommand(details) && !ending) logger.warn(details, message)
      },
      error: (details, message) => logger.error(details, message),
    },
    failed,
    end: () => {
      watching = false
    },
  }
}
