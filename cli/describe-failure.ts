// What a user is told of an error: one line with the code to look up, and the exit code. Stacks are for bugs, and go to the log's debug level.
import { MeshgateError } from '../platform/errors.ts'
import { EXIT, type ExitCode } from './command-context.ts'

export interface Failure {
  readonly line: string
  readonly exitCode: ExitCode
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof MeshgateError) {
    return {
      line: `${error.code}: ${oneLine(error.message)}`,
      exitCode: error.code === 'CONFIG_INVALID' ? EXIT.usage : EXIT.failure,
    }
  }
  const system = describeSystemError(error)
  if (system !== null) return { line: system, exitCode: EXIT.failure }
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
}

/** Errors of the operating system that a user can do something about. */
function describeSystemError(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code, path, port } = error as SystemError
  const place = path ?? 'a file'
  switch (code) {
    case 'ENOENT':
      return `FILE_UNREADABLE: ${place} does not exist. Check the path.`
    case 'EACCES':
    case 'EPERM':
      return port === undefined
        ? `FILE_UNREADABLE: ${place} may not be read or written by this user. Check its permissions.`
        : `PORT_FORBIDDEN: this user may not listen on port ${port}. Set PORT to one from 1024 on.`
    case 'EROFS':
      return `FILE_UNREADABLE: ${place} is on a read-only file system. Set MESHGATE_DATA_DIR to a directory that can be written.`
    case 'EISDIR':
      return `FILE_UNREADABLE: ${place} is a directory. Name a file.`
    case 'ENOTDIR':
    case 'EEXIST':
      return `FILE_UNREADABLE: ${place} is a file where a directory is needed. Name another.`
    case 'ENOSPC':
    case 'EDQUOT':
      return `DISK_FULL: no space left to write ${place}. Free some, then start again: nothing accepted is lost.`
    case 'EADDRINUSE':
      return `PORT_IN_USE: another process listens on port ${port}. End it, or set PORT to another.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'HOST_UNKNOWN: the address in HOST is none of this machine. Set HOST to 127.0.0.1, or 0.0.0.0 for all.'
    default:
      return null
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
