// Where the walk for a lookup's target begins and which sources it reads on its way. It begins at the nearest list of entity answers that
// everything it reads derives from: an entity that stands at a hundred places of the response is visited once.
import { invariant } from '../../platform/errors.ts'
import type { LookupTarget, Plan, Position, PositionId, RepresentationField } from '../plan/plan.ts'

export interface WalkRoute {
  /** The link whose entities it begins at, as source `source` of `position`; null: at the root's sources. */
  readonly start: { readonly link: number; readonly position: PositionId; readonly source: number } | null
  /** From the start's position to the target's. */
  readonly positions: readonly PositionId[]
  /** Sources read, by position: also of positions below the target that its representation reads. */
  readonly needed: NeededSources
}

export type NeededSources = ReadonlyMap<PositionId, ReadonlySet<number>>

export function positionAt(plan: Plan, id: PositionId): Position {
  const position = plan.positions[id]
  invariant(position, `a plan has its position ${id}`)
  return position
}

export function routeTo(plan: Plan, target: LookupTarget): WalkRoute {
  const ancestry = ancestryOf(plan, target.position)
  let [at, source] = [target.position, target.onSource]
  for (;;) {
    const step = positionAt(plan, at).sources[source]
    invariant(step, `position ${at} has its source ${source}`)
    const start = step.kind === 'link' ? { link: step.link, position: at, source } : null
    if (start !== null || step.kind === 'root') {
      // Root fetches may stand at positions below the root, where the query type is given again.
      const positions = ancestry.slice(start === null ? 0 : ancestry.indexOf(at))
      const needed = collectNeeded(plan, target, { start, positions })
      if (needed !== null) return { start, positions, needed }
    }
    if (step.kind === 'root') invariant(false, 'a walk from the root reaches every source')
    else [at, source] = [step.kind === 'link' ? at : (positionAt(plan, at).parent ?? 0), step.of]
  }
}

function ancestryOf(plan: Plan, id: PositionId): PositionId[] {
  const ancestry = [id]
  for (let at = positionAt(plan, id).parent; at !== null; at = positionAt(plan, at).parent) ancestry.unshift(at)
  return ancestry
}

/** Null where something that is read does not derive from the start. */
function collectNeeded(
  plan: Plan,
  target: LookupTarget,
  { start, positions }: Pick<WalkRoute, 'start' | 'positions'>,
): NeededSources | null {
  const needed = new Map<PositionId, Set<number>>()
  let reached = true
  const need = (at: PositionId, source: number): void => {
    const known = needed.get(at) ?? new Set()
    needed.set(at, known)
    if (known.has(source)) return
    known.add(source)
    if (start !== null && at === start.position && source === start.source) return
    const { sources, parent } = positionAt(plan, at)
    const step = sources[source]
    if (step?.kind === 'link') need(at, step.of)
    else if (step?.kind !== 'field') return
    else if (start !== null && at === start.position) reached = false
    else need(parent ?? 0, step.of)
  }
  const needTypename = (at: PositionId): void => {
    const { typename } = positionAt(plan, at)
    if ('source' in typename) need(at, typename.source)
  }
  const needFields = (at: PositionId, fields: readonly RepresentationField[]): void => {
    for (const field of fields) {
      need(at, field.source)
      if (field.types !== null) needTypename(at)
      if (field.child !== null) needFields(field.child.position, field.child.fields)
    }
  }
  need(target.position, target.onSource)
  needFields(target.position, target.representation.fields)
  if (target.types !== null || target.representation.typename === null) needTypename(target.position)
  for (const at of positions.slice(1).toReversed()) {
    const { sources, parentTypes, parent } = positionAt(plan, at)
    // The way down goes through a field, even where all that is read comes from elsewhere.
    if (![...(needed.get(at) ?? [])].some((source) => sources[source]?.kind === 'field')) need(at, 0)
    if (parentTypes !== null) needTypename(parent ?? 0)
  }
  return reached ? needed : null
}
