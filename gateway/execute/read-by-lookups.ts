// Whether a lookup's representations read a value: where it fails, what was to be looked up is missing.
import type { Plan, PositionId, RepresentationField } from '../plan/plan.ts'
import { positionAt } from './walk-route.ts'

export interface ReadValue {
  readonly position: PositionId
  readonly key: string
  readonly typename: string | undefined
}

/** Also counts what is read of the same place under another position. */
export function isReadByLookups(plan: Plan, { position, key, typename }: ReadValue): boolean {
  const { parent } = positionAt(plan, position)
  const reads = (at: PositionId, fields: readonly RepresentationField[]): boolean =>
    fields.some((field) => {
      const isHere = at === position || positionAt(plan, at).parent === parent
      const isOfType = field.types === null || typename === undefined || field.types.includes(typename)
      if (isHere && isOfType && field.key === key) return true
      return field.child !== null && reads(field.child.position, field.child.fields)
    })
  return plan.fetches.some(({ lookups }) =>
    lookups.some(({ targets }) =>
      targets.some(({ position: at, types, representation }) => {
        const isAsked = at !== position || types === null || typename === undefined || types.includes(typename)
        return isAsked && reads(at, representation.fields)
      }),
    ),
  )
}
