// A principal as part of a key: equal for those who are equal in everything, so that nobody is given what another asked for.
import type { Principal } from '../platform/governance/principal.ts'

const keys = new WeakMap<Principal, string>()

/** One line. A verified token's principal is the same object at every request, so this is a look-up. */
export function principalKey(principal: Principal): string {
  const known = keys.get(principal)
  if (known !== undefined) return known
  const key = JSON.stringify(principal)
  keys.set(principal, key)
  return key
}
