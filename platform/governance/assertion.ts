// What a gateway tells a subgraph of who asks: a JSON Web Token of a minute, signed by the gateway (Ed25519), for one subgraph alone, so that
// none of them can pass it on to another. This is its form; who signs and who verifies are beside.
import { ANONYMOUS, type Principal } from './principal.ts'

/** Over HTTP. On a WebSocket it is `extensions.meshgate.assertion` of the subscribe payload. */
export const ASSERTION_HEADER = 'meshgate-principal'
export const ASSERTION_ISSUER = 'meshgate'
export const ASSERTION_TYPE = 'meshgate-principal+jwt'

export function claimsOf(principal: Principal): Readonly<Record<string, unknown>> {
  const { subject, issuer, roles, scopes, purposes, claims, policies } = principal
  return {
    sub: subject,
    ...(issuer === undefined ? {} : { issuer }),
    roles,
    scopes,
    purposes,
    claims,
    ...(policies === undefined ? {} : { policies }),
  }
}

/** Of a verified assertion. Null where it is none. */
export function principalOf(claims: Readonly<Record<string, unknown>>): Principal | null {
  const { sub: subject, issuer, roles, scopes, purposes, claims: kept, policies } = claims
  if (typeof subject !== 'string') return null
  if (subject === ANONYMOUS.subject) return ANONYMOUS
  if (!isTexts(roles) || !isTexts(scopes) || !isTexts(purposes) || typeof kept !== 'object' || kept === null)
    return null
  const said = typeof issuer === 'string' ? { issuer } : {}
  const all = { subject, ...said, roles, scopes, purposes, claims: kept as Readonly<Record<string, unknown>> }
  return isTexts(policies) ? { ...all, policies } : all
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
