// The configuration file of a command: the one that is named, or the one in its directory. What is in it is read only where there is one.
import { readFile } from 'node:fs/promises'
import type { Environment, SettingsFile } from '../platform/config.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { CONFIG_FILE } from '../platform/settings.ts'

const DEFAULT_FILE = 'meshgate.yaml'

/** Null where there is none. Rejects where the one that is named cannot be read. */
export async function loadSettingsFile(
  named: string | undefined,
  environment: Environment,
): Promise<SettingsFile | null> {
  const variable = environment[CONFIG_FILE.name]
  const given = named ?? (variable === '' ? undefined : variable)
  const path = given ?? DEFAULT_FILE
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (given === undefined && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
  if (text.length > limits.settingsFileCharactersMax) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `${path} has more than ${limits.settingsFileCharactersMax} characters. Name another file.`,
    )
  }
  // 300 KB of code that who has no file does without.
  const { readSettingsFile } = await import('../platform/settings-file.ts')
  return readSettingsFile(path, text, environment)
}
