// What an operation of a request's client is paid from, as the engine takes it.
import type { IncomingMessage } from 'node:http'
import type { Principal } from '../../platform/governance/principal.ts'
import type { EngineRequest } from '../engine-contract.ts'
import type { RateLimiter } from './rate-limiter.ts'

export type Paying = Pick<EngineRequest, 'spend' | 'window'>

/** Nothing where costs are not limited. */
export function payingBy(limiter: RateLimiter | null, request: IncomingMessage, principal: Principal): Paying {
  const costs = limiter?.costs ?? null
  if (costs === null) return {}
  return { spend: (cost) => costs.spend(request, principal, cost), window: () => costs.window(request, principal) }
}
