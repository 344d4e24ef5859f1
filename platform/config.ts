// The configuration: settings read from the environment once, at the start. Whoever needs one takes it as a parameter.
import { nearestName } from '../schema/parse/nearest-name.ts'
import { invariant, MeshgateError } from './errors.ts'
import { readGateway, type GatewayConfig } from './gateway-config.ts'
import { readOperating, type OperatingConfig } from './operating-config.ts'
import { readServers, type ServersConfig } from './servers-config.ts'
import type { Setting } from './setting.ts'
import { SETTINGS, type LogLevel } from './settings.ts'

const PREFIX = 'MESHGATE_'

export interface Config {
  readonly port: number
  readonly host: string
  readonly dataDirectory: string
  /** Null: the one in the data directory, or in Cassandra. */
  readonly cursorKey: Uint8Array | null
  /** URL or file of the gateway's public keys. Null: a subgraph answers whoever can reach it. */
  readonly assertionKeys: string | null
  readonly logLevel: LogLevel
  readonly gateway: GatewayConfig
  readonly operating: OperatingConfig
  /** Null: the embedded log and store. */
  readonly servers: ServersConfig | null
}

/** A setting that an option of the command line gives in place of the environment. */
export interface GivenSetting {
  /** How it was written: `--port`. */
  readonly as: string
  readonly text: string
}
/** By the name of the setting. */
export type GivenSettings = ReadonlyMap<string, GivenSetting>

/** What a configuration file says, by the name of the setting; and what is wrong in it. */
export interface SettingsFile {
  readonly settings: GivenSettings
  readonly problems: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * CONFIG_INVALID names every setting that cannot be used, its value, and what to write. A variable set to nothing counts as unset. Options win
 * over the environment, which wins over the file.
 */
export function readConfig(
  environment: Environment,
  given: GivenSettings = new Map(),
  file: SettingsFile | null = null,
): Config {
  const problems = [...(file?.problems ?? []), ...misspelt(environment)]
  const read = <T>(setting: Setting<T>): T | null => {
    const { name } = setting
    const { [name]: text = '' } = environment
    const found = given.get(name) ?? (text === '' ? file?.settings.get(name) : { as: name, text })
    return readSetting(setting, found?.as ?? name, found?.text, problems)
  }
  const port = read(SETTINGS.port)
  const host = read(SETTINGS.host)
  const dataDirectory = read(SETTINGS.dataDirectory)
  const cursorKey = read(SETTINGS.cursorKey)
  const assertionKeys = read(SETTINGS.assertionKeys)
  const logLevel = read(SETTINGS.logLevel)
  const gateway = readGateway(read, problems)
  const operating = readOperating(read, problems)
  const servers = readServers(read, problems)
  if (problems.length > 0) throw new MeshgateError('CONFIG_INVALID', problems.join(' '))
  invariant(port !== null && host !== null && dataDirectory !== null && logLevel !== null, 'a setting has a default')
  invariant(gateway !== null && operating !== null, 'what has no problems is configured')
  return { port, host, dataDirectory, cursorKey, assertionKeys, logLevel, gateway, operating, servers }
}

/** A variable that is nearly a setting would be passed over in silence; others with our prefix are somebody else's (Kubernetes sets some). */
function misspelt(environment: Environment): string[] {
  const known = Object.values(SETTINGS).map(({ name }) => name)
  const unknown = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.includes(name))
  return unknown.flatMap((name) => {
    const meant = nearestName(name, known)
    return meant === null || environment[name] === '' ? [] : [`${name} is no setting: write ${meant}, or unset it.`]
  })
}

function readSetting<T>(setting: Setting<T>, as: string, given: string | undefined, problems: string[]): T | null {
  const text = given === undefined || given === '' ? setting.defaultText : given
  if (text === null) return null
  const reading = setting.read(text)
  if (reading.kind === 'ok') return reading.value
  problems.push(`${as}=${setting.secret ? '(not shown)' : text} cannot be used: write ${reading.write}.`)
  return null
}
