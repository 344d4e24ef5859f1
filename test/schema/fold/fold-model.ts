// Derived products for tests of their folds, as the model has them: every member that a test does not name has the plainest value.
import { compileFold } from '../../../schema/fold/compile-fold.ts'
import type { CompiledFold, FoldState } from '../../../schema/fold/compiled-fold.ts'
import type { Contribution, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type {
  Aggregate,
  AggregateFunction,
  CelExpression,
  ComputedField,
  Derivation,
  Entity,
  FieldType,
  Fold,
  FoldJoin,
  Product,
  ReadInput,
  ScalarName,
  StoredField,
  ValueType,
} from '../../../schema/model.ts'
import type { Row } from '../../../schema/row.ts'

const location = { file: 'product.graphql', line: 1, column: 1 }
const governance = { subject: false, personal: null, mask: null, access: null }

const celOf = (source: string): CelExpression => ({ source, reads: [] })

/** `Int`, `Int?` for a nullable one, `[Int]`, `Line` for a value type. */
function typeOf(text: string): { readonly type: FieldType; readonly nullable: boolean } {
  const nullable = text.endsWith('?')
  const name = nullable ? text.slice(0, -1) : text
  if (name.startsWith('['))
    return { type: { kind: 'list', of: typeOf(name.slice(1, -1)).type, itemsNullable: false }, nullable }
  const scalars = ['ID', 'String', 'Int', 'Float', 'Boolean', 'BigInt', 'Decimal', 'DateTime', 'Date', 'UUID', 'JSON']
  if (scalars.includes(name)) return { type: { kind: 'scalar', scalar: name as ScalarName }, nullable }
  return { type: { kind: 'object', name }, nullable }
}

function storedField(name: string, text: string): StoredField {
  const extraction = { path: [name], trim: false, emptyAsNull: false, letterCase: null, defaultText: null, parse: null }
  const base = { name, description: null, governance, passedDirectives: [], location, checks: [] }
  return { kind: 'stored', ...typeOf(text), ...base, extraction }
}

export const valueTypeOf = (name: string, fields: Readonly<Record<string, string>>): ValueType => ({
  name,
  description: null,
  fields: Object.entries(fields).map(([field, text]) => storedField(field, text)),
  passedDirectives: [],
  location,
})

export function inputOf(
  name: string,
  fields: Readonly<Record<string, string>>,
  key: readonly string[] = ['id'],
): ReadInput {
  return {
    name,
    product: `tests/${name.toLowerCase()}`,
    entity: name,
    key,
    fields: Object.entries(fields).map(([field, text]) => ({ name: field, ...typeOf(text), location })),
    location,
  }
}

export const foldOf = (
  input: string,
  parts: Partial<Omit<Fold, 'where' | 'time'>> & {
    readonly where?: string
    readonly time?: string
    readonly timeScalar?: 'Date'
  } = {},
): Fold => {
  const { where, time, timeScalar, ...others } = parts
  return {
    input,
    where: where === undefined ? null : celOf(where),
    each: null,
    time: time === undefined ? null : { expression: celOf(time), scalar: timeScalar ?? 'DateTime' },
    required: false,
    endedStay: false,
    joins: [],
    location,
    ...others,
  }
}

export const joinOf = (input: string, as: string, key: readonly string[], optional = false): FoldJoin => ({
  input,
  as,
  key: key.map(celOf),
  optional,
})

export interface AggregateText {
  readonly function: AggregateFunction
  /** Of the entity's field. */
  readonly field: string
  readonly cel?: string
  /** Of its value, as the product compiler finds it. */
  readonly type?: string
  readonly where?: string
  readonly fold?: number
}

export interface DerivedText {
  readonly reads: readonly ReadInput[]
  readonly readTypes?: readonly ValueType[]
  readonly folds: readonly Fold[]
  /** Type and expressions of each group's field. */
  readonly groups: Readonly<Record<string, readonly [type: string, ...expressions: string[]]>>
  readonly aggregates?: Readonly<Record<string, AggregateText>>
  readonly fields?: Readonly<Record<string, string>>
  readonly computed?: readonly ComputedField[]
  readonly key?: readonly string[]
  readonly window?: Derivation['window']
  readonly function?: Derivation['function']
  readonly everyMs?: number
}

function aggregateOf(field: string, text: AggregateText): Aggregate {
  return {
    field,
    function: text.function,
    fold: text.fold ?? 0,
    value: text.cel === undefined ? null : celOf(text.cel),
    valueType: text.cel === undefined ? null : typeOf(text.type ?? 'BigInt').type,
    where: text.where === undefined ? null : celOf(text.where),
  }
}

export function derivedOf(text: DerivedText): { readonly product: Product; readonly entity: Entity } {
  const window = text.window ?? null
  const groups = Object.entries(text.groups)
  const aggregates = Object.entries(text.aggregates ?? {})
  const fields = {
    ...Object.fromEntries(groups.map(([field, [type]]) => [field, type])),
    ...(window === null ? {} : { windowStart: 'DateTime', windowEnd: 'DateTime' }),
    ...Object.fromEntries(aggregates.map(([field, aggregate]) => [field, aggregate.field])),
    ...text.fields,
  }
  const derivation: Derivation = {
    folds: text.folds,
    groups: groups.map(([field, [, ...expressions]]) => ({ field, expressions: expressions.map(celOf) })),
    window,
    windowStartField: window === null ? null : 'windowStart',
    windowEndField: window === null ? null : 'windowEnd',
    aggregates: aggregates.map(([field, aggregate]) => aggregateOf(field, aggregate)),
    function: text.function ?? null,
    everyMs: text.everyMs ?? null,
    keptForMs: null,
  }
  const key = text.key ?? [...groups.map(([field]) => field), ...(window === null ? [] : ['windowStart'])]
  const entity: Entity = {
    name: 'Derived',
    description: null,
    key,
    keys: [],
    source: null,
    tables: [],
    fields: [...Object.entries(fields).map(([name, type]) => storedField(name, type)), ...(text.computed ?? [])],
    checks: [],
    access: null,
    rowFilter: null,
    passedDirectives: [],
    readsBase: false,
    derivation,
    location,
  }
  return { product: productAround(entity, text), entity }
}

function productAround(entity: Entity, { reads, readTypes }: DerivedText): Product {
  return {
    name: 'derived',
    domain: 'tests',
    owner: 'tests@example.com',
    version: '1.0.0',
    status: 'ACTIVE',
    description: null,
    slo: { freshnessMs: null, readLatencyP99Ms: null, completeness: null, availability: null },
    reads,
    entities: [entity],
    valueTypes: [],
    readTypes: readTypes ?? [],
    enums: [],
    queries: [],
    subscriptions: [],
    file: 'product.graphql',
  }
}

export function foldFor(text: DerivedText, functions: FoldFunctions = {}, hash: string | null = null): CompiledFold {
  const { product, entity } = derivedOf(text)
  return compileFold(product, entity, functions, hash)
}

/** Groups of rows that are all visible at once, each folded from its contributions: what a fold without history gives. */
export interface Engine {
  /** A row as it is from now on; null: it is gone. */
  put(input: number, member: string, row: Row | null): void
  /** As it is put, where joined rows are looked at again. */
  rows(): readonly Row[]
  /** How often a state could not tell. */
  readonly refolds: number
}

interface GroupOfEngine {
  readonly row: Row
  state: FoldState
  readonly members: Map<string, readonly Contribution[]>
}

export interface EngineOptions {
  /** Rows by input and key text. */
  readonly joined?: (read: number, keyText: string) => Row | null
  /** Order of what one row contributes. */
  readonly shuffle?: <T>(items: readonly T[]) => readonly T[]
}

const throughStore = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Incremental as the real one: what a row contributed is retracted, what it contributes applied, and all is stored as JSON between. */
export function engineFor(fold: CompiledFold, options: EngineOptions = {}): Engine {
  const groups = new Map<string, GroupOfEngine>()
  const joined = ({ read, keyText }: { read: number; keyText: string }): Row | null =>
    options.joined?.(read, keyText) ?? null
  const shuffle = options.shuffle ?? (<T>(items: readonly T[]) => items)
  let refolds = 0

  const replace = (text: string, row: Row, member: string, contributions: readonly Contribution[]): void => {
    const group = groups.get(text) ?? { row, state: throughStore(fold.init(row)), members: new Map() }
    groups.set(text, group)
    const before = group.members.get(member) ?? []
    if (contributions.length === 0) group.members.delete(member)
    else group.members.set(member, throughStore(contributions))
    let state: FoldState | null = throughStore(group.state)
    if (before.length > 0) state = fold.retract(state, shuffle(before))
    if (state !== null && contributions.length > 0) state = fold.apply(state, shuffle(contributions))
    if (state === null) {
      refolds += 1
      state = fold.refold(group.row, shuffle([...group.members.values()].flat()))
    }
    group.state = throughStore(state)
  }

  return {
    put(input, member, row) {
      const contributed = row === null ? null : fold.inputs[input]?.contribute(member, row, joined)
      if (contributed?.kind === 'failed') throw new Error(`${contributed.expression}: ${contributed.message}`)
      const own = `${input} ${member}`
      const after = contributed?.groups ?? new Map()
      for (const [text, { row: groupRow, members }] of groups)
        if (members.has(own) && !after.has(text)) replace(text, groupRow, own, [])
      for (const [text, { group, contributions }] of after) replace(text, group.row, own, contributions)
    },
    rows: () => [...groups.values()].flatMap(({ state, row }) => throughStore(fold.rows(state, row))),
    get refolds() {
      return refolds
    },
  }
}
