// The keys of the configuration file, derived from the settings: there is no second list of them.
import type { Setting } from './setting.ts'
import { SETTING_GROUPS } from './settings.ts'

export interface SettingKey {
  /** The part of the file that holds it; '' at the top. */
  readonly group: string
  readonly key: string
  /** Both: `gateway.workers`. */
  readonly path: string
  readonly setting: Setting<unknown>
}

export const SETTING_KEYS: readonly SettingKey[] = Object.entries(SETTING_GROUPS).flatMap(([group, settings]) =>
  Object.entries<Setting<unknown>>(settings).map(([name, setting]) => {
    const key = keyIn(group, name)
    return { group, key, path: group === '' ? key : `${group}.${key}`, setting }
  }),
)

/** `kafkaBrokers` of `kafka` is `brokers`. */
function keyIn(group: string, name: string): string {
  const rest = name.startsWith(group) ? name.slice(group.length) : ''
  return group !== '' && /^[A-Z]/.test(rest) ? `${rest.charAt(0).toLowerCase()}${rest.slice(1)}` : name
}
