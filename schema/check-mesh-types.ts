// Types and root fields that several products of a mesh declare: what composition would refuse, told in the products' own places.
// Enums may differ in their values, and fields in being nullable: composition makes one of them.
import type { Diagnostic } from './diagnostic.ts'
import type { Field, FieldType, Product, SourceLocation, ValueType } from './model.ts'

interface Declared {
  readonly name: string
  readonly kind: 'an entity' | 'an enum' | 'a value type'
  readonly valueType: ValueType | null
  readonly product: Product
  readonly location: SourceLocation
}

const nameOf = (product: Product): string => `${product.domain}/${product.name}`

function declaredTypes(product: Product): readonly Declared[] {
  return [
    ...product.entities.map(({ name, location }) => ({ name, kind: 'an entity' as const, valueType: null, location })),
    ...product.enums.map(({ name, location }) => ({ name, kind: 'an enum' as const, valueType: null, location })),
    ...product.valueTypes.map((valueType) => {
      return { name: valueType.name, kind: 'a value type' as const, valueType, location: valueType.location }
    }),
  ].map((declared) => ({ ...declared, product }))
}

export function typeText(type: FieldType | null): string {
  if (type === null) return 'unknown'
  if (type.kind === 'scalar') return type.scalar
  return type.kind === 'list' ? `[${typeText(type.of)}]` : type.name
}

function fieldTypeText(field: Field): string {
  if (field.kind === 'reference') return field.entity
  return typeText(field.kind === 'page' ? null : field.type)
}

/** What is different, seen from the later one; null where composition makes one type of both. */
function difference(earlier: ValueType, later: ValueType): string | null {
  const known = new Map(earlier.fields.map((field) => [field.name, field]))
  for (const field of later.fields) {
    const other = known.get(field.name)
    if (other === undefined) return `has "${field.name}" here and not`
    if (fieldTypeText(other) !== fieldTypeText(field))
      return `has "${field.name}" of type ${fieldTypeText(field)} here and ${fieldTypeText(other)}`
    known.delete(field.name)
  }
  const [lacking] = known.keys()
  return lacking === undefined ? null : `lacks "${lacking}" here and has it`
}

/** Types of one name that are not one type. */
export function checkSharedTypes(products: readonly Product[]): readonly Diagnostic[] {
  const first = new Map<string, Declared>()
  const found: Diagnostic[] = []
  const report = (later: Declared, message: string, fix: string): void => {
    found.push({ code: 'MESH_TYPE_MISMATCH', severity: 'ERROR', message, fix, location: later.location })
  }
  for (const later of products.flatMap(declaredTypes)) {
    const earlier = first.get(later.name)
    if (earlier === undefined) {
      first.set(later.name, later)
      continue
    }
    const at = `${nameOf(earlier.product)} (${earlier.location.file}:${earlier.location.line})`
    if (earlier.kind !== later.kind) {
      const fix = 'Rename one of them; or, for an entity, declare its @key here and refer to it by @ref.'
      report(later, `"${later.name}" is ${later.kind} here and ${earlier.kind} in ${at}.`, fix)
    } else if (earlier.valueType !== null && later.valueType !== null) {
      const differs = difference(earlier.valueType, later.valueType)
      const fix = 'Declare the same fields in both, or rename one of the types.'
      if (differs !== null) report(later, `The value type "${later.name}" ${differs} in ${at}.`, fix)
    }
  }
  return found
}

/** Fields that only one product may serve: of Query and Subscription, pages of an entity, and references added to another product's. */
export function servedFields(
  product: Product,
): readonly { readonly name: string; readonly product: Product; readonly location: SourceLocation }[] {
  const mayBeShared = (directives: readonly string[]): boolean =>
    directives.some((directive) => /^@(?:shareable|override)\b/.test(directive))
  const roots = (root: string, operations: Product['queries'] | Product['subscriptions']) =>
    operations
      .filter(({ passedDirectives }) => !mayBeShared(passedDirectives ?? []))
      .map(({ name, location }) => ({ name: `${root}.${name}`, product, location }))
  const pages = product.entities.flatMap((entity) =>
    entity.fields
      .filter(({ kind }) => kind === 'page' || (kind === 'reference' && entity.source === null))
      .filter((field) => !mayBeShared(field.passedDirectives))
      .map(({ name, location }) => ({ name: `${entity.name}.${name}`, product, location })),
  )
  return [...roots('Query', product.queries), ...roots('Subscription', product.subscriptions), ...pages]
}
