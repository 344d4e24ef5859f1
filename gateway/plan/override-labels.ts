// Labels of progressive @override: which are active for a request is drawn once per label, and the labels that a plan asked for are part
// of what it is kept under. What a principal must have to see something is asked the same way, by its text (requirementText), and is part of it too.
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { isMet } from '../supergraph/requirements.ts'
import type { Access } from '../supergraph/supergraph.ts'

export type IsLabelActive = (label: string) => boolean

/** Names of labels have no braces (Federation). */
export function isRequirement(label: string): boolean {
  return label.startsWith('{')
}

/** Requirements are active where the principal meets them; labels as `decide` says. */
export function withRequirements(
  { requirements }: Access,
  principal: Principal = ANONYMOUS,
  decide: IsLabelActive,
): IsLabelActive {
  if (requirements.size === 0) return decide
  return (label) => {
    const requirement = requirements.get(label)
    return requirement === undefined ? decide(label) : isMet(requirement, principal)
  }
}

/** `percent(n)` is active for n of a hundred requests; other labels are off unless the gateway is told how to decide them. */
export function defaultLabels(random: () => number): IsLabelActive {
  return (label) => {
    const percent = /^percent\((\d+(?:\.\d+)?)\)$/.exec(label)?.[1]
    return percent !== undefined && random() * 100 < Number(percent)
  }
}

/** The same answer for the same label, however often it is asked. */
export function drawOnce(decide: IsLabelActive): IsLabelActive {
  const drawn = new Map<string, boolean>()
  return (label) => {
    const known = drawn.get(label)
    if (known !== undefined) return known
    const active = decide(label)
    drawn.set(label, active)
    return active
  }
}
