// From the claims of a verified token to the principal that they name.
import type { Principal } from '../../platform/governance/principal.ts'
import { isObject } from '../execute/plain-object.ts'
import type { ClaimNames } from './authentication-options.ts'

/** Null where it names no subject, or one that stands for nobody. */
export function readPrincipal(
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
  names: ClaimNames,
): Principal | null {
  const subject = claims['sub']
  if (typeof subject !== 'string' || subject === '' || subject === 'anonymous') return null
  const policies = texts(claims, names.policies)
  return {
    subject,
    issuer,
    roles: texts(claims, names.roles),
    scopes: texts(claims, names.scopes),
    purposes: texts(claims, names.purposes),
    claims: Object.fromEntries(
      names.kept.flatMap((name) => {
        const value = readClaim(claims, name)
        return value === undefined ? [] : [[name, value] as const]
      }),
    ),
    ...(policies.length === 0 ? {} : { policies }),
  }
}

function texts(claims: Readonly<Record<string, unknown>>, names: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const name of names) for (const text of textsOf(readClaim(claims, name))) found.add(text)
  // In one order: equal principals are equal texts, and share what they may share.
  return [...found].toSorted()
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(/\s+/).filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** Names with dots (URLs are usual) are tried as they are before they are taken for a path. */
function readClaim(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let at: unknown = claims
  for (const step of name.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return undefined
    at = at[step]
  }
  return at
}
