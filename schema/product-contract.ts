// What rows that are stored owe to the product that wrote them: shapes, write times, who reads before writing. Kept beside the data, so that
// a later version of the product can be held against it (contract-changes.ts). Plain JSON.
import type { Entity, Field, FieldType, Product, ScalarName } from './model.ts'

export interface ProductContract {
  readonly version: string
  readonly entities: readonly EntityContract[]
  readonly valueTypes: Readonly<Record<string, ShapeContract>>
  /** Values of each enum. */
  readonly enums: Readonly<Record<string, readonly string[]>>
}

export interface EntityContract {
  readonly name: string
  /** The base table. Rows under another name are other rows. */
  readonly base: string
  /** Where write times come from; null: the append time. */
  readonly versionedBy: { readonly field: string; readonly kind: 'TIME' | 'SEQUENCE' } | null
  readonly readsBase: boolean
  /**
   * Its rows are made from those of others. What of them its definition decides is not the contract's: another definition makes every row
   * anew. Absent: they come by records.
   */
  readonly derived?: true
  readonly shape: ShapeContract
}

export type ShapeContract = Readonly<Record<string, FieldContract>>

export interface FieldContract {
  readonly nullable: boolean
  readonly type: TypeContract
}

export type TypeContract =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'object'; readonly name: string }
  | { readonly kind: 'list'; readonly of: TypeContract; readonly itemsNullable: boolean }

export function contractOf(product: Product): ProductContract {
  return {
    version: product.version,
    entities: product.entities.flatMap(entityContract),
    valueTypes: Object.fromEntries(product.valueTypes.map(({ name, fields }) => [name, shapeContract(fields)])),
    enums: Object.fromEntries(product.enums.map(({ name, values }) => [name, values.map((value) => value.name)])),
  }
}

function entityContract(entity: Entity): EntityContract[] {
  const { name, source, tables, readsBase, fields } = entity
  const [base] = tables
  if (source === null || base === undefined) return []
  const derived = entity.derivation === null ? {} : { derived: true as const }
  return [{ name, base: base.name, versionedBy: source.version, readsBase, ...derived, shape: shapeContract(fields) }]
}

function shapeContract(fields: readonly Field[]): ShapeContract {
  return Object.fromEntries(
    fields.flatMap((field): [string, FieldContract][] => {
      if (field.kind !== 'stored' && field.kind !== 'computed') return []
      return [[field.name, { nullable: field.nullable, type: typeContract(field.type) }]]
    }),
  )
}

function typeContract(type: FieldType): TypeContract {
  switch (type.kind) {
    case 'scalar':
      return { kind: 'scalar', name: type.scalar }
    case 'enum':
    case 'object':
      return { kind: type.kind, name: type.name }
    case 'list':
      return { kind: 'list', of: typeContract(type.of), itemsNullable: type.itemsNullable }
  }
}

/** As it is written in SDL. */
export function typeText(type: TypeContract): string {
  return type.kind === 'list' ? `[${typeText(type.of)}${type.itemsNullable ? '' : '!'}]` : type.name
}
