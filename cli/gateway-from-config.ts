// What the configuration says of the gateway, as the gateway takes it.
import type { GatewayOptions } from '../gateway/main.ts'
import type { GatewayConfig } from '../platform/gateway-config.ts'
import { identityFromConfig } from './identity-from-config.ts'
import { safetyFromConfig } from './safety-from-config.ts'
import { CSRF_OFF } from '../platform/gateway-settings.ts'

type Configured = Pick<
  GatewayOptions,
  | 'sharing'
  | 'forwardHeaders'
  | 'batchMax'
  | 'allowedHosts'
  | 'cors'
  | 'csrf'
  | 'compression'
  | 'exposeSubgraphErrors'
  | 'subgraphSettings'
> &
  ReturnType<typeof safetyFromConfig> &
  ReturnType<typeof identityFromConfig>

/** Where nothing is said: who may look at the schema and the page, and by which names it is asked. */
interface Unsaid {
  readonly isOpen: boolean
  /** Absent: any. */
  readonly allowedHosts?: readonly string[]
}

export function gatewayFromConfig(config: GatewayConfig, unsaid: Unsaid): Configured {
  const { sharing, forwardHeaders, batchMax, cors, csrfHeaders, compression, exposeErrors, subgraphs } = config
  const allowedHosts = config.allowedHosts ?? unsaid.allowedHosts
  return {
    sharing,
    forwardHeaders,
    batchMax,
    compression,
    subgraphSettings: subgraphs,
    exposeSubgraphErrors: exposeErrors,
    ...safetyFromConfig(config.safety, unsaid.isOpen),
    ...identityFromConfig(config.identity),
    ...(allowedHosts === undefined || allowedHosts.includes('*') ? {} : { allowedHosts }),
    ...(cors === null ? {} : { cors }),
    ...(csrfHeaders === null ? {} : { csrf: csrfHeaders === CSRF_OFF ? false : { headers: csrfHeaders } }),
  }
}
