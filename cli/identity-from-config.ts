// What the configuration says of who may ask, as the gateway takes it.
import type { GatewayOptions } from '../gateway/main.ts'
import type { IdentityConfig } from '../platform/identity-config.ts'

type Identity = Pick<GatewayOptions, 'authentication' | 'rateLimit' | 'trustedProxies'>

export function identityFromConfig({ tokens, rate, trustedProxies }: IdentityConfig): Identity {
  return {
    trustedProxies,
    ...(tokens === null ? {} : { authentication: tokens }),
    ...(rate === null ? {} : { rateLimit: rate }),
  }
}
