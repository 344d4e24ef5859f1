// Every setting that the environment may give: its name, default, meaning and how its text is read. docs/settings.md is generated from it.

/** What a setting's text becomes, or what to write instead. */
type Reading<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'invalid'; readonly write: string }

export interface Setting<T> {
  readonly name: string
  /** The text that stands for an unset variable; null when there is none. */
  readonly defaultText: string | null
  readonly meaning: string
  /** Never printed. */
  readonly secret: boolean
  readonly read: (text: string) => Reading<T>
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const PORT_MAX = 65_535
export const CURSOR_KEY_BYTES = 32

function ok<T>(value: T): Reading<T> {
  return { kind: 'ok', value }
}

function invalid<T>(write: string): Reading<T> {
  return { kind: 'invalid', write }
}

function readPort(text: string): Reading<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= PORT_MAX ? ok(port) : invalid(`a number from 0 to ${PORT_MAX}, for example 4000`)
}

function readText(text: string): Reading<string> {
  return text.trim() === '' ? invalid('a text that is not empty') : ok(text.trim())
}

function readLogLevel(text: string): Reading<LogLevel> {
  const level = LOG_LEVELS.find((name) => name === text.toLowerCase())
  return level === undefined ? invalid(`one of ${LOG_LEVELS.join(', ')}`) : ok(level)
}

function readCursorKey(text: string): Reading<Uint8Array> {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === CURSOR_KEY_BYTES
    ? ok(new Uint8Array(bytes))
    : invalid(`${CURSOR_KEY_BYTES} bytes in base64, as \`openssl rand -base64 ${CURSOR_KEY_BYTES}\` prints them`)
}

function setting<T>(
  name: string,
  about: { readonly defaultText: string | null; readonly meaning: string; readonly secret?: boolean },
  read: (text: string) => Reading<T>,
): Setting<T> {
  return { name, defaultText: about.defaultText, meaning: about.meaning, secret: about.secret ?? false, read }
}

export const SETTINGS = {
  port: setting(
    'PORT',
    {
      defaultText: '4000',
      meaning:
        'Port that the gateway (or the one role that a command runs) listens on. 0 takes any free one. `--port` of a command wins.',
    },
    readPort,
  ),
  host: setting(
    'HOST',
    {
      defaultText: '127.0.0.1',
      meaning:
        'Address to listen on. Only this machine by default, since nobody is asked who they are yet; `0.0.0.0` for all addresses, as in a container.',
    },
    readText,
  ),
  dataDirectory: setting(
    'MESHGATE_DATA_DIR',
    {
      defaultText: '.meshgate',
      meaning:
        'Directory of the embedded log and store, made when missing. One process at a time uses it. Deleting it starts anew.',
    },
    readText,
  ),
  cursorKey: setting(
    'MESHGATE_CURSOR_KEY',
    {
      defaultText: null,
      meaning:
        'Key that seals cursors, shared by all instances of a mesh: 32 bytes in base64 (`openssl rand -base64 32`). Unset: made once and kept as `cursor.key` in the data directory.',
      secret: true,
    },
    readCursorKey,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    {
      defaultText: 'info',
      meaning: `Least severe messages that are logged: ${LOG_LEVELS.join(', ')}. On a terminal one line each, else JSON.`,
    },
    readLogLevel,
  ),
} as const
