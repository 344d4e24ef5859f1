// Makes the process's logger: pino, as JSON lines for machines, and as one readable line per message on a terminal.
import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import { MeshgateError } from '../errors.ts'
import type { LogLevel } from '../settings.ts'

export interface LoggerOptions {
  readonly level: LogLevel
  /** One readable line instead of JSON. */
  readonly readable: boolean
  /** Where lines go; each ends with a newline. */
  readonly write: (line: string) => void
}

export function createLogger(options: LoggerOptions): Logger {
  const destination: DestinationStream = {
    write: options.readable ? (line) => options.write(readableLine(line)) : options.write,
  }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: loggedError, error: loggedError },
    },
    destination,
  )
}

/** A failure with a code is expected: the code and the message say it all. A stack is for what is a bug. */
function loggedError(error: unknown): unknown {
  if (error instanceof MeshgateError && error.code !== 'INTERNAL') return { code: error.code, message: error.message }
  return error instanceof Error ? stdSerializers.err(error) : error
}

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}
const LEVEL_WIDTH = 5

/** `12:03:04 WARN  message key=value`: the time of day, since a terminal is read while it happens. */
function readableLine(line: string): string {
  const { level, time, msg, err, error, ...rest } = JSON.parse(line) as Record<string, unknown>
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${shown(value)}`)
  const parts = [
    typeof time === 'string' ? time.slice(11, 19) : '',
    (LEVEL_NAMES[Number(level)] ?? String(level)).padEnd(LEVEL_WIDTH),
    typeof msg === 'string' ? msg : '',
    // The code is what an error is looked up by; stacks are in the JSON form only.
    errorText(err ?? error),
    ...fields,
  ]
  return `${parts.filter((part) => part !== '').join(' ')}\n`
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const { code, message } = error as { code?: unknown; message?: unknown }
  return `(${[code, message].filter((part) => typeof part === 'string').join(': ')})`
}

function shown(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)
}
