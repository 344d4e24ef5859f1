// The compiled product: what parse and validate make of a product.graphql and every emitter reads.
// Plain readonly data, no functions, no I/O. A Product that exists is valid: emitters need not check again.

/** Where something stands in a product file. Lines and columns start at 1. */
export interface SourceLocation {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Scalars of the language. Their row representation (see `Value` in row.ts) stands beside each. */
export type ScalarName =
  | 'ID' // string
  | 'String' // string
  | 'Int' // number, 32 bit
  | 'Float' // number, finite
  | 'Boolean' // boolean
  | 'BigInt' // string of decimal digits, 64 bit signed
  | 'Decimal' // string, canonical: no exponent, no leading +, no trailing zeros after the point, never '-0'
  | 'DateTime' // string, UTC, 'YYYY-MM-DDTHH:mm:ss.sssZ'
  | 'Date' // string, 'YYYY-MM-DD'
  | 'UUID' // string, lower case
  | 'EmailAddress' // string
  | 'URL' // string
  | 'JSON' // any JSON value

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarName }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'object'; readonly name: string }
  | { readonly kind: 'list'; readonly of: FieldType; readonly itemsNullable: boolean }

export type LetterCase = 'UPPER' | 'LOWER' | 'TITLE'
export type Parse =
  'RANGE' | 'COMMON_LOG_TIME' | 'EPOCH_MILLISECONDS' | 'EPOCH_SECONDS' | 'NUMBER' | 'BOOLEAN' | 'COMMA_LIST'

/** Where a stored field's value lies in the record and how it is cleaned (in the order of these members). */
export interface Extraction {
  /** Path in the record, at least one segment. */
  readonly path: readonly string[]
  readonly trim: boolean
  readonly emptyAsNull: boolean
  readonly letterCase: LetterCase | null
  readonly defaultText: string | null
  readonly parse: Parse | null
}

/** Numeric interval; a bound is a canonical decimal string, null is unbounded. */
export interface Interval {
  readonly lower: string | null
  readonly lowerInclusive: boolean
  readonly upper: string | null
  readonly upperInclusive: boolean
}

export type CheckRule =
  | { readonly kind: 'range'; readonly interval: Interval }
  | { readonly kind: 'pattern'; readonly source: string }
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: 'length'; readonly interval: Interval }
  | { readonly kind: 'cel'; readonly expression: CelExpression }

/** A type-checked CEL expression: its text and the fields of the type it reads. */
export interface CelExpression {
  readonly source: string
  readonly reads: readonly string[]
}

export interface Check {
  readonly id: string
  readonly rule: CheckRule
  readonly message: string | null
  readonly onFail: 'REJECT' | 'WARN'
  readonly location: SourceLocation
}

export interface FieldGovernance {
  readonly subject: boolean
  readonly personal: string | null
  readonly mask: {
    readonly with: string
    readonly unlessRoles: readonly string[]
    readonly unlessScopes: readonly string[]
  } | null
  readonly access: Access | null
}

export interface Access {
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly purposes: readonly string[]
}

interface FieldBase {
  readonly name: string
  readonly description: string | null
  readonly nullable: boolean
  readonly governance: FieldGovernance
  /** Federation and other directives passed through to the subgraph, printed, e.g. `@shareable`. */
  readonly passedDirectives: readonly string[]
  readonly location: SourceLocation
}

/** A field with a value of its own in the row (or in the nested value). */
export interface StoredField extends FieldBase {
  readonly kind: 'stored'
  readonly type: FieldType
  readonly extraction: Extraction
  readonly checks: readonly Check[]
}

/** A column computed at ingest from other fields. */
export interface ComputedField extends FieldBase {
  readonly kind: 'computed'
  readonly type: FieldType
  readonly expression: CelExpression
  readonly checks: readonly Check[]
}

/** Another entity, by the key that sibling fields hold. */
export interface ReferenceField extends FieldBase {
  readonly kind: 'reference'
  readonly entity: string
  /** The entity's key field → the sibling field that holds its value. */
  readonly keyFields: readonly { readonly entityField: string; readonly localField: string }[]
}

/** A Relay connection on an entity. */
export interface PageField extends FieldBase {
  readonly kind: 'page'
  readonly page: PageOperation
}

export type Field = StoredField | ComputedField | ReferenceField | PageField

/** A nested value type: stored frozen, one cell. */
export interface ValueType {
  readonly name: string
  readonly description: string | null
  readonly fields: readonly Field[]
  readonly passedDirectives: readonly string[]
  readonly location: SourceLocation
}

export interface EnumType {
  readonly name: string
  readonly description: string | null
  readonly values: readonly { readonly name: string; readonly description: string | null }[]
  readonly location: SourceLocation
}

export interface Source {
  readonly topic: string
  readonly keyField: string
  readonly timeField: string | null
  readonly version: { readonly field: string; readonly kind: 'TIME' | 'SEQUENCE' } | null
  /** DERIVED: `{"version": n, "row": {…}}` or `{"version": n, "delete": {key fields}}`, which only the fold of a derived entity appends. */
  readonly envelope: 'NONE' | 'CLOUDEVENTS' | 'DEBEZIUM' | 'DERIVED'
  readonly format: 'JSON' | 'TEXT'
  /** TEXT: what a whole line matches, its named groups being the record's members. Null of other formats. */
  readonly pattern: string | null
  readonly partial: boolean
  readonly immutableKeys: boolean
  readonly partitions: number
  readonly retentionMs: number | null
  readonly changesRetentionMs: number
  readonly compacted: boolean
  /** `keyField` is no field of the entity's key, whose records may lie in several partitions: they go through `<topic>.rekeyed` first. */
  readonly rekeyed: boolean
}

export type TimeBucket = 'hour' | 'day' | 'month' | 'year'

/** `bucket` null: the field itself; else the start of its bucket (DateTime for hour, Date for the others), column `<field>_<bucket>`. */
export interface PartitionPart {
  readonly field: string
  readonly bucket: TimeBucket | null
  /** Column in the table: the field's name, or `<field>_<bucket>`. */
  readonly column: string
}

export interface ClusteringPart {
  readonly field: string
  readonly order: 'ASC' | 'DESC'
}

export interface Table {
  readonly name: string
  readonly partitionKey: readonly PartitionPart[]
  readonly clusteringKey: readonly ClusteringPart[]
  readonly ttlMs: number | null
  readonly indexes: readonly string[]
  readonly location: SourceLocation
}

/** An entity this product owns (has a source), or one of another product that it refers to or extends (source null, tables empty). */
export interface Entity {
  readonly name: string
  readonly description: string | null
  /** The first @key: field names, in order. */
  readonly key: readonly string[]
  /** Every @key as written, the first first. */
  readonly keys: readonly { readonly fields: string; readonly resolvable: boolean }[]
  readonly source: Source | null
  /** The first is the base, keyed by `key`. */
  readonly tables: readonly Table[]
  readonly fields: readonly Field[]
  readonly checks: readonly Check[]
  readonly access: Access | null
  readonly rowFilter: { readonly expression: CelExpression; readonly unlessRoles: readonly string[] } | null
  readonly passedDirectives: readonly string[]
  /**
   * Ingest reads the base row before it writes: keys of further tables may change, or a subscription tells CREATED from UPDATED.
   * The tables of such an entity carry the hidden columns of `tables.ts`.
   */
  readonly readsBase: boolean
  /** Null: records come from outside. */
  readonly derivation: Derivation | null
  readonly location: SourceLocation
}

/** An input type with @reads: rows of another product's entity. */
export interface ReadInput {
  /** Name of the input type. */
  readonly name: string
  /** `domain/name` */
  readonly product: string
  readonly entity: string
  /** Fields of the entity's key, in its order. */
  readonly key: readonly string[]
  /** Fields that are read. Types of nested ones are among `Product.readTypes`. */
  readonly fields: readonly ReadField[]
  readonly location: SourceLocation
}

export interface ReadField {
  readonly name: string
  readonly type: FieldType
  readonly nullable: boolean
  readonly location: SourceLocation
}

/** An entity made from the rows of others. Variables of its expressions: the fold's fields, its element, its joined rows. */
export interface Derivation {
  readonly folds: readonly Fold[]
  /** In the order of the entity's key, the window's start left out. */
  readonly groups: readonly GroupField[]
  readonly window: FoldWindow | null
  /** Fields that hold the window's bounds. */
  readonly windowStartField: string | null
  readonly windowEndField: string | null
  /** Empty where a function makes the rows. */
  readonly aggregates: readonly Aggregate[]
  readonly function: { readonly name: string; readonly ordered: boolean } | null
  /** A group's row is told at most so often; null: at once. */
  readonly everyMs: number | null
  /** How late something may come for a window before it is closed; null: nothing is too late. Never of sessions. */
  readonly keptForMs: number | null
}

export interface Fold {
  /** Name of a ReadInput. */
  readonly input: string
  readonly where: CelExpression | null
  readonly each: { readonly field: string; readonly as: string } | null
  /** Gives a DateTime or a Date. */
  readonly time: { readonly expression: CelExpression; readonly scalar: 'DateTime' | 'Date' } | null
  readonly required: boolean
  /** What rows contributed that ended by their table's TTL stays counted. */
  readonly endedStay: boolean
  readonly joins: readonly FoldJoin[]
  readonly location: SourceLocation
}

export interface FoldJoin {
  /** Name of a ReadInput. */
  readonly input: string
  readonly as: string
  /** One per field of the joined entity's key. They may use the joins before this one. */
  readonly key: readonly CelExpression[]
  readonly optional: boolean
}

export interface GroupField {
  readonly field: string
  /** One per fold, in the order of `folds`. */
  readonly expressions: readonly CelExpression[]
}

export type FoldWindow =
  | { readonly kind: 'tumbling'; readonly sizeMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly everyMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }

export type AggregateFunction =
  'COUNT' | 'COUNT_DISTINCT' | 'SUM' | 'AVERAGE' | 'MIN' | 'MAX' | 'FIRST' | 'LAST' | 'COLLECT'

export interface Aggregate {
  readonly field: string
  readonly function: AggregateFunction
  /** Index in `folds`. */
  readonly fold: number
  readonly value: CelExpression | null
  /** Of `value`; null where that is null. */
  readonly valueType: FieldType | null
  readonly where: CelExpression | null
}

/** Where a key column's value comes from. */
export type Binding =
  { readonly from: 'argument'; readonly argument: string } | { readonly from: 'parent'; readonly field: string }

export interface Argument {
  readonly name: string
  readonly description: string | null
  /** As written, e.g. `Int = 20` is type `Int`, defaultText `20`. */
  readonly type: string
  readonly defaultText: string | null
}

interface OperationBase {
  /** Name of the field (on Query, Subscription or an entity). */
  readonly name: string
  readonly description: string | null
  readonly entity: string
  readonly arguments: readonly Argument[]
  /** Federation and other directives of the field, printed. Absent: none. (Of a page on an entity they stand on its PageField.) */
  readonly passedDirectives?: readonly string[]
  readonly location: SourceLocation
}

export interface LookupOperation extends OperationBase {
  readonly kind: 'lookup'
  readonly table: string
  readonly bindings: readonly { readonly column: string; readonly binding: Binding }[]
}

export interface PageOperation extends OperationBase {
  readonly kind: 'page'
  readonly table: string
  /** `partition`: every partition part that is no bucket is bound. `index`: one indexed column is bound. */
  readonly access: 'partition' | 'index'
  readonly bindings: readonly { readonly column: string; readonly binding: Binding }[]
  /** Equalities on a prefix of the clustering key. */
  readonly equalities: readonly { readonly field: string; readonly argument: string }[]
  readonly bounds: readonly {
    readonly field: string
    readonly argument: string
    readonly is: 'GREATER' | 'GREATER_OR_EQUAL' | 'LESS' | 'LESS_OR_EQUAL'
  }[]
  /** The bucketed field and its bucket, where the partition key has one: reads walk its buckets. */
  readonly bucketed: { readonly field: string; readonly bucket: TimeBucket } | null
  readonly defaultFirst: number
  readonly maxFirst: number
}

export interface ScanOperation extends OperationBase {
  readonly kind: 'scan'
  readonly table: string
  readonly defaultFirst: number
  readonly maxFirst: number
}

export interface SubscriptionOperation extends OperationBase {
  readonly kind: 'subscription'
  readonly nullable: boolean
  readonly on: readonly ('CREATED' | 'UPDATED' | 'DELETED')[]
  readonly filters: readonly { readonly field: string; readonly argument: string }[]
}

export type QueryOperation = (LookupOperation | PageOperation | ScanOperation) & { readonly nullable: boolean }

export interface Slo {
  readonly freshnessMs: number | null
  readonly readLatencyP99Ms: number | null
  readonly completeness: number | null
  readonly availability: number | null
}

export interface Product {
  readonly name: string
  readonly domain: string
  readonly owner: string
  readonly version: string
  readonly status: 'PROPOSED' | 'ACTIVE' | 'DEPRECATED' | 'RETIRED'
  readonly description: string | null
  readonly slo: Slo
  /** What derived entities are made from: the product's lineage. */
  readonly reads: readonly ReadInput[]
  readonly entities: readonly Entity[]
  readonly valueTypes: readonly ValueType[]
  /** Input types without @reads: nested values of what is read. */
  readonly readTypes: readonly ValueType[]
  readonly enums: readonly EnumType[]
  readonly queries: readonly QueryOperation[]
  readonly subscriptions: readonly SubscriptionOperation[]
  readonly file: string
}
