// What of whoever asks may change an answer, as part of a key: those of one view may share what is under way, and nobody is given what
// another asked for.
import { ANONYMOUS, type Principal } from '../platform/governance/principal.ts'

const keys = new WeakMap<Principal, string>()

/** All of it. One line. A verified token's principal is the same object at every request, so this is a look-up. */
export function principalKey(principal: Principal): string {
  const known = keys.get(principal)
  if (known !== undefined) return known
  const key = JSON.stringify(principal)
  keys.set(principal, key)
  return key
}

/** What the gateway itself goes by: all that requirements of a supergraph, of this one or of the next, may ask for (`isMet`). */
export function requirementKey(principal: Principal): string {
  const { scopes, policies = [] } = principal
  return JSON.stringify([principal !== ANONYMOUS, scopes, policies])
}
