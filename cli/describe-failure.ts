// What a user is told of an error: one line with the code to look up, and the exit code. Stacks are for bugs, and go to the log's debug level.
import { MeshgateError, type FailureCode } from '../platform/errors.ts'
import { EXIT, type ExitCode } from './command-context.ts'

export interface Failure {
  readonly line: string
  readonly exitCode: ExitCode
}

/** Codes whose message has a line for each problem. */
const LISTS: ReadonlySet<FailureCode> = new Set(['PRODUCT_CHANGE_REFUSED', 'STORE_MIGRATION_REFUSED'])

export function describeFailure(error: unknown): Failure {
  if (error instanceof MeshgateError) {
    // They say that writing goes on by itself; not in a process that ends.
    if (error.code === 'LOG_DISK_FULL' || error.code === 'STORE_DISK_FULL') return diskFull()
    return {
      line: `${error.code}: ${LISTS.has(error.code) ? error.message : oneLine(error.message)}`,
      exitCode: error.code === 'CONFIG_INVALID' ? EXIT.usage : EXIT.failure,
    }
  }
  const system = describeSystemError(error)
  if (system !== null) return system
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    line: `INTERNAL: ${oneLine(message)}. This is a bug: please report it (LOG_LEVEL=debug shows the stack).`,
    exitCode: EXIT.failure,
  }
}

interface SystemError {
  readonly code: string
  readonly path?: string
  readonly port?: number
  readonly address?: string
  readonly hostname?: string
}

/** Errors of the operating system that a user can do something about. */
function describeSystemError(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code, path = 'a file', port, address, hostname } = error as SystemError
  switch (code) {
    case 'ENOENT':
      return failed('FILE_UNREADABLE', `${path} does not exist. Check the path.`)
    case 'EACCES':
    case 'EPERM':
      return port === undefined
        ? failed('FILE_UNREADABLE', `${path} may not be read or written by this user. Check its permissions.`)
        : misconfigured(`this user may not listen on port ${port}. Set PORT to one from 1024 on.`)
    case 'EROFS':
      return failed('FILE_UNREADABLE', `${path} cannot be written: the file system is read-only. Name another place.`)
    case 'EISDIR':
      return failed('FILE_UNREADABLE', `${path} is a directory. Name a file.`)
    case 'ENOTDIR':
    case 'EEXIST':
      return failed('FILE_UNREADABLE', `${path} is a file where a directory is needed. Name another.`)
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull()
    case 'EADDRINUSE':
      return failed('PORT_IN_USE', `another process listens on port ${port}. End it, or set PORT to another.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return misconfigured(
        `HOST=${address ?? hostname ?? ''} is no address of this machine. Set it to 127.0.0.1, or to 0.0.0.0 for all.`,
      )
    default:
      return null
  }
}

/** Errors of writing name no file. */
function diskFull(): Failure {
  return failed(
    'DISK_FULL',
    'no space is left where the data directory (MESHGATE_DATA_DIR) or the output lies. Free some, then start again: nothing accepted is lost.',
  )
}

function failed(code: FailureCode, text: string): Failure {
  return { line: `${code}: ${text}`, exitCode: EXIT.failure }
}

function misconfigured(text: string): Failure {
  return { line: `CONFIG_INVALID: ${text}`, exitCode: EXIT.usage }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
