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
  | 'cors'
  | 'csrf'
  | 'compression'
  | 'exposeSubgraphErrors'
  | 'subgraphSettings'
> &
  ReturnType<typeof safetyFromConfig> &
  ReturnType<typeof identityFromConfig>

export function gatewayFromConfig(config: GatewayConfig): Configured {
  const { sharing, forwardHeaders, batchMax, cors, csrfHeaders, compression, exposeErrors, subgraphs } = config
  return {
    sharing,
    forwardHeaders,
    batchMax,
    compression,
    subgraphSettings: subgraphs,
    exposeSubgraphErrors: exposeErrors,
    ...safetyFromConfig(config.safety, false),
    ...identityFromConfig(config.identity),
    ...(cors === null ? {} : { cors }),
    ...(csrfHeaders === null ? {} : { csrf: csrfHeaders === CSRF_OFF ? false : { headers: csrfHeaders } }),
  }
}
