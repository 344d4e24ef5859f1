// Who asks, as the gateway's faces are told it: a principal with the time until which its credentials hold, or why it is not answered.
import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import type { FailureCode } from '../../platform/errors.ts'

export interface Identity {
  readonly kind: 'known'
  readonly principal: Principal
  /** Milliseconds since 1970; null: they do not expire. */
  readonly expiresAtMs: number | null
}

export interface Refusal {
  readonly kind: 'refused'
  /** 401: other credentials are needed. 429: too many were wrong. 503: nobody can tell at the moment. */
  readonly status: number
  readonly code: FailureCode
  readonly message: string
  /** Names and values of response headers in turn. */
  readonly headers: readonly string[]
}

export type Identified = Identity | Refusal

/** Of a WebSocket: what its client put into connection_init. */
export type ConnectionParameters = Readonly<Record<string, unknown>>

/** Never rejects. Answers at once where nothing has to be verified. */
export type Authenticate = (
  request: IncomingMessage,
  parameters?: ConnectionParameters,
) => Identified | Promise<Identified>

export const NOBODY: Identity = { kind: 'known', principal: ANONYMOUS, expiresAtMs: null }

/** Where nothing is configured everybody is nobody. */
export const authenticateNobody: Authenticate = () => NOBODY
