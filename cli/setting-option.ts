// An option of the command line that stands for a setting of the gateway.
import type { GATEWAY_SETTINGS } from '../platform/gateway-settings.ts'

export interface SettingOption {
  readonly flag: string
  readonly description: string
  readonly setting: keyof typeof GATEWAY_SETTINGS
  /** What an option without a value says. */
  readonly stands?: string
  /** May be given several times. */
  readonly several?: true
}
