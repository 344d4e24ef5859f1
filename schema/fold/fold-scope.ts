// The variables that the expressions of a fold see: the input's fields, the element under its name (never null: null elements contribute
// nothing), and joined rows under theirs as nested values. Compiling a product and compiling its fold share this, so that what one
// accepts the other can run.
import type { CelScope, CelVariable } from '../cel/compile-cel.ts'
import type { EnumType, FieldType, ReadField, SourceLocation, StoredField, ValueType } from '../model.ts'

/** As in `Product`; of inputs only what a scope needs, so that validation can ask before there is a product. */
export interface FoldScopeTypes {
  readonly reads: readonly FoldScopeInput[]
  readonly readTypes: readonly ValueType[]
  readonly enums: readonly EnumType[]
}

export interface FoldScopeInput {
  readonly name: string
  readonly fields: readonly Omit<ReadField, 'location'>[]
}

/** As in `Fold`. */
export interface FoldScopeSource {
  readonly input: string
  readonly each: { readonly field: string; readonly as: string } | null
  readonly joins: readonly { readonly input: string; readonly as: string; readonly optional: boolean }[]
}

export interface FoldScopeOptions {
  /** Only the joins before this one, as the expressions of its key see them. Absent: all. */
  readonly joinsBefore?: number
  readonly expected?: FieldType
}

const NOWHERE: SourceLocation = { file: '', line: 0, column: 0 }

export function foldScope(fold: FoldScopeSource, types: FoldScopeTypes, options: FoldScopeOptions = {}): CelScope {
  const fields = types.reads.find(({ name }) => name === fold.input)?.fields ?? []
  const variables = new Map<string, CelVariable>(fields.map(({ name, type, nullable }) => [name, { type, nullable }]))
  const { each } = fold
  const list = each === null ? undefined : variables.get(each.field)
  if (each !== null && list?.type.kind === 'list') variables.set(each.as, { type: list.type.of, nullable: false })
  for (const join of fold.joins.slice(0, options.joinsBefore ?? fold.joins.length))
    variables.set(join.as, { type: { kind: 'object', name: join.input }, nullable: join.optional })
  const valueTypes = valueTypesOf(types)
  const { enums } = types
  return options.expected === undefined
    ? { variables, valueTypes, enums }
    : { variables, valueTypes, enums, expected: options.expected }
}

const valueTypesOfScopes = new WeakMap<FoldScopeTypes, readonly ValueType[]>()

/** The same list for all scopes of the types: what is compiled for it is compiled once (schema/cel/compile-cel.ts). */
function valueTypesOf(types: FoldScopeTypes): readonly ValueType[] {
  const known = valueTypesOfScopes.get(types)
  if (known !== undefined) return known
  const valueTypes = [...types.readTypes, ...types.reads.map(inputAsValueType)]
  valueTypesOfScopes.set(types, valueTypes)
  return valueTypes
}

function inputAsValueType({ name, fields }: FoldScopeInput): ValueType {
  return { name, description: null, fields: fields.map(fieldInScope), passedDirectives: [], location: NOWHERE }
}

function fieldInScope({ name, type, nullable }: Omit<ReadField, 'location'>): StoredField {
  const extraction = { path: [name], trim: false, emptyAsNull: false, letterCase: null, defaultText: null, parse: null }
  const governance = { subject: false, personal: null, mask: null, access: null }
  return {
    kind: 'stored', name, type, nullable, extraction, governance,
    description: null, checks: [], passedDirectives: [], location: NOWHERE,
  } // prettier-ignore
}
