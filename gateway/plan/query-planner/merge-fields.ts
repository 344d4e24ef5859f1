// Representations in which the same is named twice.
import type { RepresentedField } from './planning.ts'

/** A key and requirements may name the same object: it is represented once. */
export function mergeFields(
  fields: readonly RepresentedField[],
  more: readonly RepresentedField[],
): readonly RepresentedField[] {
  const merged = [...fields]
  for (const field of more) {
    const index = merged.findIndex((each) => isSameField(each, field))
    const known = merged[index]
    if (known === undefined) {
      merged.push(field)
      continue
    }
    const types = [...new Set([...known.types, ...field.types])]
    const child =
      known.child === null || field.child === null
        ? known.child
        : { site: known.child.site, fields: mergeFields(known.child.fields, field.child.fields) }
    merged[index] = { ...known, types, isKey: known.isKey || field.isKey, child }
  }
  return merged
}

function isSameField(a: RepresentedField, b: RepresentedField): boolean {
  return (
    a.name === b.name &&
    a.entry === b.entry &&
    a.source === b.source &&
    a.child?.site === b.child?.site &&
    (a.child === null || (a.types.length === b.types.length && a.types.every((type) => b.types.includes(type))))
  )
}
