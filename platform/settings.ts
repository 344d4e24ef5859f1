// Every setting that the environment may give: its name, default, meaning and how its text is read. docs/settings.md is generated from it.

import { GATEWAY_SETTINGS } from './gateway-settings.ts'
import { REQUEST_LOG_SETTINGS, SUPERGRAPH_SETTINGS, TRACING_SETTINGS } from './operating-settings.ts'
import { KAFKA_SETTINGS, CASSANDRA_SETTINGS } from './server-settings.ts'
import { invalid, ok, readOneOf, readText, setting, type Reading } from './setting.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const PORT_MAX = 65_535
export const CURSOR_KEY_BYTES = 32

function readPort(text: string): Reading<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= PORT_MAX ? ok(port) : invalid(`a number from 0 to ${PORT_MAX}, for example 4000`)
}

function readCursorKey(text: string): Reading<Uint8Array> {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === CURSOR_KEY_BYTES
    ? ok(new Uint8Array(bytes))
    : invalid(`${CURSOR_KEY_BYTES} bytes in base64, as \`openssl rand -base64 ${CURSOR_KEY_BYTES}\` prints them`)
}

const PROCESS_SETTINGS = {
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
        'Address to listen on. Only this machine by default, since nobody is asked who they are unless issuers of tokens are set; `0.0.0.0` for all addresses, as in a container.',
    },
    readText,
  ),
  dataDirectory: setting(
    'MESHGATE_DATA_DIR',
    {
      defaultText: '.meshgate',
      meaning:
        'Directory of the embedded log and store, made when missing; not used with Kafka and Cassandra. One process at a time uses it. Deleting it starts anew.',
    },
    readText,
  ),
  cursorKey: setting(
    'MESHGATE_CURSOR_KEY',
    {
      defaultText: null,
      meaning:
        'Key that seals cursors, shared by all instances of a mesh: 32 bytes in base64 (`openssl rand -base64 32`). Unset: made once and kept as `cursor.key` in the data directory, or in Cassandra.',
      secret: true,
    },
    readCursorKey,
  ),
  assertionKeys: setting(
    'MESHGATE_ASSERTION_KEYS',
    {
      defaultText: null,
      meaning:
        'For `meshgate subgraph`: URL or file of the public keys of its gateway (JWKS; the gateway has them at `/.well-known/jwks.json`). GraphQL is then answered to that gateway only. Unset: to whoever can reach it.',
    },
    readText,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    {
      defaultText: 'info',
      meaning: `Least severe messages that are logged: ${LOG_LEVELS.join(', ')}. On a terminal one line each, else JSON.`,
    },
    readOneOf(LOG_LEVELS),
  ),
} as const

/**
 * By the part of the configuration file that holds them; those of '' stand at its top. A setting's key in the file is its name here, without
 * the name of its group: `kafkaBrokers` is `brokers` of `kafka`.
 */
export const SETTING_GROUPS = {
  '': PROCESS_SETTINGS,
  gateway: { ...GATEWAY_SETTINGS, ...SUPERGRAPH_SETTINGS },
  requestLog: REQUEST_LOG_SETTINGS,
  tracing: TRACING_SETTINGS,
  kafka: KAFKA_SETTINGS,
  cassandra: CASSANDRA_SETTINGS,
} as const

/** No part of the file that it names. */
export const CONFIG_FILE = setting(
  'MESHGATE_CONFIG',
  {
    defaultText: null,
    meaning:
      'The configuration file (YAML): what it says holds where neither the environment nor an option says otherwise. Unset: `meshgate.yaml` in the directory of the process, where there is one. `--config` of a command wins.',
  },
  readText,
)

export const SETTINGS = {
  configFile: CONFIG_FILE,
  ...SETTING_GROUPS[''],
  ...SETTING_GROUPS.gateway,
  ...SETTING_GROUPS.requestLog,
  ...SETTING_GROUPS.tracing,
  ...SETTING_GROUPS.kafka,
  ...SETTING_GROUPS.cassandra,
} as const
