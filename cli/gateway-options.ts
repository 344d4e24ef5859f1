// The options of `meshgate gateway` that stand for a setting each: the option wins, and problems of both are told at once.
import { Option, type Command } from 'commander'
import type { GivenSetting, GivenSettings } from '../platform/config.ts'
import { CSRF_OFF, GATEWAY_SETTINGS, SHARINGS } from '../platform/gateway-settings.ts'
import { IDENTITY_OPTIONS } from './identity-options.ts'
import { SAFETY_OPTIONS } from './safety-options.ts'
import type { SettingOption } from './setting-option.ts'

const OPTIONS: readonly SettingOption[] = [
  {
    flag: '--workers <N>',
    description: 'processes to run in, each with one core; `auto`: one per core',
    setting: 'workers',
  },
  { flag: '--share <LEVEL>', description: `what requests in flight share: ${SHARINGS.join(', ')}`, setting: 'share' },
  {
    flag: '--forward-header <NAME>',
    description: "a client's header that subgraphs see",
    setting: 'forwardHeaders',
    several: true,
  },
  { flag: '--batch-max <N>', description: 'operations that one request may hold', setting: 'batchMax' },
  {
    flag: '--cors-origin <ORIGIN>',
    description: 'an origin whose pages may ask, or *',
    setting: 'corsOrigins',
    several: true,
  },
  {
    flag: '--cors-credentials',
    description: "they may ask with their visitor's cookies",
    setting: 'corsCredentials',
    stands: 'true',
  },
  {
    flag: '--csrf-header <NAME>',
    description: "a header that another site's page cannot send",
    setting: 'csrfHeaders',
    several: true,
  },
  {
    flag: '--no-csrf',
    description: "answer what another site's page can send",
    setting: 'csrfHeaders',
    stands: CSRF_OFF,
  },
  { flag: '--no-compression', description: 'answer uncompressed', setting: 'compression', stands: 'false' },
  {
    flag: '--expose-errors',
    description: 'show clients unforeseen errors of subgraphs',
    setting: 'exposeErrors',
    stands: 'true',
  },
  {
    flag: '--subgraph-url <NAME=URL>',
    description: 'where a subgraph is reached',
    setting: 'subgraphUrls',
    several: true,
  },
  {
    flag: '--subgraph-timeout <NAME=MS>',
    description: 'how long a subgraph may take',
    setting: 'subgraphTimeouts',
    several: true,
  },
  {
    flag: '--subgraph-http2 <NAME>',
    description: 'ask a subgraph over HTTP/2',
    setting: 'subgraphHttp2',
    several: true,
  },
  {
    flag: '--subgraph-sse <NAME>',
    description: 'take subscriptions of a subgraph as Server-Sent Events',
    setting: 'subgraphSse',
    several: true,
  },
  {
    flag: '--subgraph-subscription-url <NAME=URL>',
    description: 'where subscriptions of a subgraph go',
    setting: 'subgraphSubscriptionUrls',
    several: true,
  },
  {
    flag: '--subgraph-ours <NAME>',
    description: 'a subgraph that `meshgate subgraph` serves',
    setting: 'subgraphOurs',
    several: true,
  },
  ...IDENTITY_OPTIONS,
  ...SAFETY_OPTIONS,
]

export function addGatewayOptions(command: Command): Command {
  for (const { flag, description, several } of OPTIONS) {
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
  for (const { flag, setting, stands } of OPTIONS) {
    const [as = ''] = flag.split(' ')
    const key = new Option(flag).attributeName()
    if (command.getOptionValueSource(key) !== 'cli') continue
    const value = command.getOptionValue(key) as unknown
    const text = stands ?? (Array.isArray(value) ? value.join(',') : String(value))
    given.set(GATEWAY_SETTINGS[setting].name, { as, text })
  }
  return given
}
