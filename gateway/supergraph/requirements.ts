// What @authenticated, @requiresScopes and @policy ask of whoever may see a field: put together, compared by text, and decided for a principal.
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'

/** One of the lists must be had whole. Null: nothing is asked. Empty: nobody has it. */
export type Alternatives = readonly (readonly string[])[] | null

export interface Requirement {
  readonly authenticated: boolean
  readonly scopes: Alternatives
  readonly policies: Alternatives
}

export const OPEN: Requirement = { authenticated: false, scopes: null, policies: null }

/** Both must be met. */
export function both(a: Requirement, b: Requirement): Requirement {
  if (a === OPEN) return b
  if (b === OPEN) return a
  return {
    authenticated: a.authenticated || b.authenticated,
    scopes: bothAlternatives(a.scopes, b.scopes),
    policies: bothAlternatives(a.policies, b.policies),
  }
}

/** Equal for requirements that the same principals meet, as far as names go; empty for one that asks nothing. */
export function requirementText(requirement: Requirement): string {
  const { authenticated, scopes, policies } = requirement
  if (!authenticated && scopes === null && policies === null) return ''
  return JSON.stringify({ authenticated, scopes: shortest(scopes), policies: shortest(policies) })
}

/** Scopes and policies are those of somebody: nobody has none. */
export function isMet({ authenticated, scopes, policies }: Requirement, principal: Principal): boolean {
  if (authenticated && principal === ANONYMOUS) return false
  return hasOneOf(scopes, principal.scopes) && hasOneOf(policies, principal.policies ?? [])
}

function hasOneOf(alternatives: Alternatives, had: readonly string[]): boolean {
  return alternatives === null || alternatives.some((names) => names.every((name) => had.includes(name)))
}

function bothAlternatives(a: Alternatives, b: Alternatives): Alternatives {
  if (a === null) return b
  if (b === null) return a
  return shortest(a.flatMap((left) => b.map((right) => [...left, ...right])))
}

/** In one order, without lists that hold all of another: there is only one such text of a requirement. */
function shortest(alternatives: Alternatives): Alternatives {
  if (alternatives === null) return null
  const lists = alternatives.map((names) => [...new Set(names)].toSorted())
  const sorted = lists.toSorted((a, b) => a.length - b.length || (a.join('\n') < b.join('\n') ? -1 : 1))
  const kept: (readonly string[])[] = []
  for (const names of sorted) if (!kept.some((less) => less.every((name) => names.includes(name)))) kept.push(names)
  return kept
}
