// What whoever asks may not see is parted from what may be planned. Only the client's selections pass here: keys and what @requires names are
// read all the same, and never returned.
import type { Item } from './collect-items.ts'
import type { Planning } from './planning.ts'
import { fieldOf } from './resolvable.ts'

/** The same items; those whose field some types do not show are split, with `denied` on the part that is not asked. */
export function partDenied(planning: Planning, items: readonly Item[]): readonly Item[] {
  if (planning.supergraph.access.requirements.size === 0) return items
  return items.flatMap((item) => {
    const name = item.nodes[0]?.name.value ?? ''
    if (name.startsWith('__')) return [item]
    const denied = item.types.filter((type) => isDenied(planning, type, name))
    if (denied.length === 0) return [item]
    const parts: Item[] = []
    if (denied.length < item.types.length) {
      parts.push({ ...item, types: item.types.filter((type) => !denied.includes(type)) })
    }
    // Nullability is a type's own.
    for (const [type, types] of Map.groupBy(denied, (each) => fieldOf(planning, each, name)?.type ?? '')) {
      parts.push({ ...item, types, denied: type })
    }
    return parts
  })
}

function isDenied(planning: Planning, type: string, name: string): boolean {
  const { access, types } = planning.supergraph
  const isUnmet = (requirement: string | undefined): boolean =>
    requirement !== undefined && !planning.isLabelActive(requirement)
  if (isUnmet(access.fields.get(type)?.get(name))) return true
  const below = types.get(fieldOf(planning, type, name)?.namedType ?? '')
  if (below === undefined || below.kind === 'object') return false
  // All objects that it could have are closed.
  return below.possibleTypes.length > 0 && below.possibleTypes.every((each) => isUnmet(access.types.get(each)))
}
