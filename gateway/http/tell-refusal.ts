// Tells of requests that were refused before the engine knew of them: whose they were, and why.
import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import type { GatewayObserver } from '../gateway-observer.ts'
import { originOf } from '../observe/request-origin.ts'
import { clientAddress } from './client-key.ts'
import type { HttpProblem } from './http-problem.ts'

export interface Refused {
  readonly via: 'http' | 'websocket'
  readonly request: IncomingMessage
  readonly problem: Pick<HttpProblem, 'status' | 'code'>
  /** Default: it is not known. */
  readonly principal?: Principal
}

export type TellRefusal = (refused: Refused) => void

export function createRefusalTeller(observer: GatewayObserver | undefined, trustedProxies: number): TellRefusal {
  const tell = observer?.refused?.bind(observer)
  if (tell === undefined) return () => undefined
  return ({ via, request, problem, principal = ANONYMOUS }) => {
    const { status, code = 'REQUEST_INVALID' } = problem
    const address = clientAddress(request, trustedProxies)
    tell({ via, status, code, principal, address, method: request.method, origin: originOf(request.headers) })
  }
}
