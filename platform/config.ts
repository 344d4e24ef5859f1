// The configuration: settings read from the environment once, at the start. Whoever needs one takes it as a parameter.
import { invariant, MeshgateError } from './errors.ts'
import { SETTINGS, type LogLevel, type Setting } from './settings.ts'

export interface Config {
  readonly port: number
  readonly host: string
  readonly dataDirectory: string
  /** Null: the one in the data directory. */
  readonly cursorKey: Uint8Array | null
  readonly logLevel: LogLevel
}

export type Environment = Readonly<Record<string, string | undefined>>

/** CONFIG_INVALID names every setting that cannot be used, its value, and what to write. A variable set to nothing counts as unset. */
export function readConfig(environment: Environment): Config {
  const problems: string[] = []
  const config = {
    port: readSetting(SETTINGS.port, environment, problems),
    host: readSetting(SETTINGS.host, environment, problems),
    dataDirectory: readSetting(SETTINGS.dataDirectory, environment, problems),
    cursorKey: readSetting(SETTINGS.cursorKey, environment, problems),
    logLevel: readSetting(SETTINGS.logLevel, environment, problems),
  }
  const { port, host, dataDirectory, cursorKey, logLevel } = config
  if (problems.length > 0) throw new MeshgateError('CONFIG_INVALID', problems.join(' '))
  invariant(port !== null && host !== null && dataDirectory !== null && logLevel !== null, 'a setting has a default')
  return { port, host, dataDirectory, cursorKey, logLevel }
}

function readSetting<T>(setting: Setting<T>, environment: Environment, problems: string[]): T | null {
  const given = environment[setting.name]
  const text = given === undefined || given === '' ? setting.defaultText : given
  if (text === null) return null
  const reading = setting.read(text)
  if (reading.kind === 'ok') return reading.value
  problems.push(`${setting.name}=${setting.secret ? '(not shown)' : text} cannot be used: write ${reading.write}.`)
  return null
}
