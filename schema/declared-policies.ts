// Whether who asks may matter to a product at all.
import type { Field, Product } from './model.ts'

/** Of rows or fields: who may read them, what others see in their place, whose data they are. */
export function declaresPolicies({ entities, valueTypes }: Product): boolean {
  return (
    entities.some(({ access, rowFilter }) => access !== null || rowFilter !== null) ||
    [...entities, ...valueTypes].some(({ fields }) => fields.some(isGoverned))
  )
}

function isGoverned({ governance: { personal, mask, access } }: Field): boolean {
  return personal !== null || mask !== null || access !== null
}
