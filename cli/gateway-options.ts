// The options of `meshgate gateway` that stand for a setting each: the option wins, and problems of both are told at once.
import { Option, type Command } from 'commander'
import type { GivenSetting, GivenSettings } from '../platform/config.ts'
import { GATEWAY_SETTINGS } from '../platform/gateway-settings.ts'
import { SETTING_OPTIONS } from './setting-options.ts'

export function addGatewayOptions(command: Command): Command {
  for (const { flag, description, several } of SETTING_OPTIONS) {
    const option = new Option(flag, `${description}${several === undefined ? '' : ' (may be repeated)'}`)
    if (several !== undefined)
      option.argParser<readonly string[] | undefined>((value, before) => [...(before ?? []), value])
    if (flag === '--no-csrf') option.conflicts('csrfHeader')
    command.addOption(option)
  }
  return command
}

/** What of the parsed options stands for settings. */
export function givenSettings(command: Command): GivenSettings {
  const given = new Map<string, GivenSetting>()
  for (const { flag, setting, stands } of SETTING_OPTIONS) {
    const [as = ''] = flag.split(' ')
    const key = new Option(flag).attributeName()
    if (command.getOptionValueSource(key) !== 'cli') continue
    const value = command.getOptionValue(key) as unknown
    const text = stands ?? (Array.isArray(value) ? value.join(',') : String(value))
    given.set(GATEWAY_SETTINGS[setting].name, { as, text })
  }
  return given
}
