// What the configuration says of who may ask, as the gateway takes it.
import { readFileSync } from 'node:fs'
import type { GatewayOptions } from '../gateway/main.ts'
import { MeshgateError } from '../platform/errors.ts'
import { createAssertionSigner } from '../platform/governance/assertion-signer.ts'
import type { IdentityConfig } from '../platform/identity-config.ts'
import { systemClock } from '../platform/system-clock.ts'

type Identity = Pick<
  GatewayOptions,
  'authentication' | 'assertions' | 'rateLimit' | 'trustedProxies' | 'clientLimits' | 'tokenFailures'
>

/** FILE_UNREADABLE, or CONFIG_INVALID where the file has no key. */
export function identityFromConfig({ tokens, assertionKey, rate, trustedProxies, clients }: IdentityConfig): Identity {
  const { tokenFailures, ...clientLimits } = clients
  return {
    trustedProxies,
    tokenFailures,
    clientLimits,
    ...(tokens === null ? {} : { authentication: tokens }),
    ...(assertionKey === null ? {} : { assertions: createAssertionSigner(readKey(assertionKey), systemClock) }),
    ...(rate === null ? {} : { rateLimit: rate }),
  }
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('FILE_UNREADABLE', `The key of assertions cannot be read: ${reason}.`, error)
  }
}
