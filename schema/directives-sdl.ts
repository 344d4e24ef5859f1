// The text of directives.graphql, which is the reference: schema does no I/O, so the text is a module too. Written by "npm run docs"; a
// test (test/schema/directives-sdl.test.ts) holds both equal.

// prettier-ignore
export const DIRECTIVES_SDL = `# The directives of the product language: this file is their definition and their reference.
# \`docs/product-language.md\` is generated from it. Federation 2 directives (@key, @shareable, @tag, ...)
# may be used beside them and are passed through to the subgraph.

"Where a product is in its life. RETIRED products are refused by \`meshgate check\`."
enum ProductStatus {
  PROPOSED
  ACTIVE
  DEPRECATED
  RETIRED
}

"What a failing check does to its record. REJECT: to the rejected topic. WARN: written, counted and named in the change."
enum OnFail {
  REJECT
  WARN
}

"How records lie in the topic's messages."
enum Envelope {
  "The message value is the record."
  NONE
  "CloudEvents 1.0 in JSON: structured mode (\`data\` is the record) or binary mode (\`ce_\` headers)."
  CLOUDEVENTS
  "Debezium change events: \`after\` is the record, \`op: d\` deletes."
  DEBEZIUM
}

"How a record is encoded."
enum RecordFormat {
  JSON
  """
  A line of text, as a log file has them: the named groups of @source(pattern:) are the record's members. Numbers, true and false become
  what the field's type needs; an empty group is no value (of a String, empty text), one that took no part in the match is null. Beside the
  groups there are \`$line\`, the whole line, and \`$key\`, the message's key: of a line that is loaded or posted its hash, and which of the equal
  lines of its file it is.
  """
  TEXT
}

enum LetterCase {
  UPPER
  LOWER
  "First letter of every word upper, the rest lower."
  TITLE
}

"How text or a number in the source becomes the field's type."
enum Parse {
  "\`$30K - $50K\`, \`$150K +\`: into an object type with \`min\` and \`max\` (a bound that is missing is null)."
  RANGE
  "\`10/Oct/2000:13:55:36 -0700\`, as web servers write times into their logs: into DateTime."
  COMMON_LOG_TIME
  "Milliseconds since 1970 into DateTime or Date."
  EPOCH_MILLISECONDS
  "Seconds since 1970 into DateTime or Date."
  EPOCH_SECONDS
  "\`1,234.50\`, \`$12\`, \`12 %\`: into Int, Float, BigInt or Decimal."
  NUMBER
  "\`Y\`/\`N\`, \`yes\`/\`no\`, \`1\`/\`0\`, \`true\`/\`false\`, in any case: into Boolean."
  BOOLEAN
  "Text separated by commas into a list."
  COMMA_LIST
}

"What happened to an entity, as a subscription sees it."
enum ChangeKind {
  "The entity appeared: it did not exist, or was deleted."
  CREATED
  UPDATED
  DELETED
}

"Which side of a range an argument bounds."
enum Bound {
  GREATER
  GREATER_OR_EQUAL
  LESS
  LESS_OR_EQUAL
}

"What @aggregate makes of the values of a group. Null is no value."
enum AggregateFunction {
  "How many rows (elements) contribute; with \`cel\` those for which it is not null. Into Int or BigInt."
  COUNT
  "How many different values. Into Int or BigInt."
  COUNT_DISTINCT
  "Exact, for Float too: each by its shortest decimal text. 0 where nothing contributes. Into Int, BigInt, Decimal or Float."
  SUM
  "Of Int, BigInt, Float, Decimal into Float. Null where nothing contributes."
  AVERAGE
  "Of anything with an order: numbers, texts, times, enums by name."
  MIN
  MAX
  "The value of the earliest by event time, also a list."
  FIRST
  "The value of the latest by event time, also a list."
  LAST
  "The different values in order, as a list."
  COLLECT
}

"Kinds of personal data (the vocabulary of the policies)."
enum PersonalKind {
  NAME
  EMAIL
  PHONE
  ADDRESS
  BIRTH_DATE
  NATIONAL_ID
  FINANCIAL
  LOCATION
  ONLINE_IDENTIFIER
  OTHER
}

enum MaskKind {
  "The value becomes null (the field must be nullable)."
  NULL
  "Text becomes \`***\`."
  REDACT
  "A keyed hash: equal values stay equal."
  HASH
  "All but the last four characters become \`*\`."
  LAST_FOUR
  "Dates keep the year, numbers their magnitude."
  GENERALIZE
}

"What the file publishes. Once per file, on \`extend schema\`."
directive @product(
  "Kebab-case, unique in its domain."
  name: String!
  "Kebab-case. Prefix of the product's topics."
  domain: String!
  "An e-mail address or a team's handle."
  owner: String!
  "Semantic version of the contract."
  version: String!
  status: ProductStatus! = ACTIVE
  "What the product is, for the catalog."
  description: String
) on SCHEMA

"Objectives of the product. Durations are ISO 8601."
directive @slo(freshness: String, readLatencyP99: String, completeness: Float, availability: Float) on SCHEMA

"Where an entity's records come from. An entity without it is another product's, extended here."
directive @source(
  topic: String!
  "The field that keys the topic's messages. Not one of the fields of the entity's key: records are re-keyed through \`<topic>.rekeyed\`."
  key: String!
  "Event time: when it happened (windows, freshness)."
  time: String
  "What decides which record of a key is newer: a DateTime, or an Int/BigInt sequence. Absent: the log's append time."
  version: String
  envelope: Envelope! = NONE
  format: RecordFormat! = JSON
  "Of format TEXT: a JavaScript regular expression (flag u) that a whole line matches, e.g. \`(?<host>[^ ]+) (?<status>[0-9]+)\`."
  pattern: String
  "Records may lack required fields; absent ones stay unchanged. Such a topic can't be compacted."
  partial: Boolean! = false
  "Promise: the keys of every table of an entity never change and entities are never deleted. Ingest then need not read before it writes."
  immutableKeys: Boolean! = false
  partitions: Int! = 4
  "ISO 8601 duration for which records stay in the topic; absent: for ever."
  retention: String
  "ISO 8601 duration for which changes can be replayed to subscribers."
  changesRetention: String! = "P7D"
  "Keep only the last record of every key in the topic."
  compacted: Boolean! = false
) on OBJECT

"""
A table of the entity, in the order of declaration; the first is the base, keyed by the entity's key.
A key part is a field, or a time bucket of one: \`hour(f)\`, \`day(f)\`, \`month(f)\`, \`year(f)\`.
A clustering part is \`field\` or \`field desc\`.
"""
directive @table(
  name: String!
  partitionKey: [String!]!
  clusteringKey: [String!]! = []
  "ISO 8601 duration: a row ends at its write time + ttl."
  ttl: String
  "Fields with a secondary index of their own."
  index: [String!]! = []
) repeatable on OBJECT

"""
A check of a record. On a field: exactly one of range, pattern, oneOf, length, cel. On a type: cel.
\`range\` and \`length\` are intervals: \`[0,)\`, \`(0,100]\`. In \`cel\`, a field's own name and every other field of the
type are variables; on a field \`value\` is its value as well. A check of an absent or null value passes.
On a list, \`length\` counts its items, and \`range\`, \`pattern\` and \`oneOf\` check each of them.
"""
directive @check(
  id: String!
  cel: String
  range: String
  pattern: String
  oneOf: [String!]
  length: String
  message: String
  onFail: OnFail! = REJECT
) repeatable on OBJECT | FIELD_DEFINITION

"A column computed at ingest from the record's other fields."
directive @computed(cel: String!) on FIELD_DEFINITION

"Where in the record a field's value is, and how it is cleaned, in this order: trim, emptyAsNull, case, default, parse."
directive @from(
  "Name or dotted path in the record. Absent: the field's own name."
  field: String
  trim: Boolean! = false
  emptyAsNull: Boolean! = false
  case: LetterCase
  "Used where the record has no value, or null."
  default: String
  parse: Parse
) on FIELD_DEFINITION

"A reference to an entity of another product (or of this one); \`key\` names the fields here that hold its key, in order, separated by spaces."
directive @ref(key: String!) on FIELD_DEFINITION

"One entity by the arguments, which must cover the primary key of a table."
directive @lookup(table: String) on FIELD_DEFINITION

"""
A Relay connection from one partition of a table (or from an index). The partition's columns come from the arguments of the same names;
on an entity's field also from the entity's key, by the @ref that points at it, or by \`key\`, which names the table's
columns that the entity's key fields fill, in order.
"""
directive @page(table: String!, key: [String!], maxFirst: Int! = 100) on FIELD_DEFINITION

"A Relay connection over a whole table, in a stable order. Declared, since it costs what it says."
directive @scan(table: String!, maxFirst: Int! = 100) on FIELD_DEFINITION

"An argument that bounds a clustering field of the page."
directive @bound(field: String!, is: Bound!) on ARGUMENT_DEFINITION

"Live changes of the entity. Arguments filter by the fields of the same names; an argument left out filters nothing."
directive @changes(on: [ChangeKind!]! = [CREATED, UPDATED]) on FIELD_DEFINITION

"""
Rows of an entity, of another product or of this one, that derived entities are made from. The fields of the input type are those that
are read, named as their owner has them, with its types: a text or an enum may be read as String or ID, an Int as Float, an object as an
input type without @reads that has the fields wanted of it. What may be null at its owner may be null here. Input types are no part of the
graph. Two of them may read the same entity.
"""
directive @reads(
  "\`domain/name\`"
  product: String!
  entity: String!
  "The fields of the entity's key, in its order."
  key: [String!]! = ["id"]
) on INPUT_OBJECT

"""
Makes the entity a derived one: a fold over the visible rows of what an input type reads, grouped by the fields with @group. Several
folds on one entity join their inputs by the group. A row that is corrected, moved or deleted takes back what it contributed.
In expressions, the input's fields, the element \`as\` and the names of @join are variables; one that cannot be evaluated because of a null
gives null. Every stored field has @group, @windowStart, @windowEnd or @aggregate (or the entity @foldBy); @computed, @check, @ref and
further tables are as on any entity. Its @source has a topic and a key, one of the fields of the entity's key; the form and the versions of
its records are the fold's. No entity is derived from itself, not through others either.

\`\`\`graphql
input OrderRead @reads(product: "sales/orders", entity: "Order") {
  id: ID!
  storeId: ID!
  placedAt: DateTime!
  lines: [OrderLineRead!]!
}

input OrderLineRead {
  productId: ID!
  amount: Decimal!
}

input ProductRead @reads(product: "catalog/products", entity: "Product") {
  id: ID!
  category: String!
}

"What was sold of a category in a store on a day."
type DailySales
  @key(fields: "day storeId category")
  @source(topic: "sales.daily-sales", key: "storeId")
  @table(name: "daily_sales", partitionKey: ["storeId"], clusteringKey: ["day desc", "category"])
  @fold(input: "OrderRead", each: "lines", as: "line")
  @join(input: "ProductRead", as: "product", key: ["line.productId"]) {
  day: Date! @group(cel: "day(placedAt)")
  storeId: ID! @group(cel: "storeId")
  category: String! @group(cel: "product.category")
  lines: Int! @aggregate(function: COUNT)
  revenue: Decimal! @aggregate(function: SUM, cel: "line.amount")
}
\`\`\`
"""
directive @fold(
  "An input type with @reads. Each input type at most once on an entity."
  input: String!
  "CEL, Boolean: rows (elements) for which it is not true contribute nothing."
  where: String
  """
  A list field of the input: every element that is not null contributes by itself. Expressions have both, the element and its list; a function
  in code (@foldBy) is given the element in place of the list.
  """
  each: String
  "The variable that holds the element."
  as: String! = "each"
  "CEL, DateTime or Date: the event time, for windows, FIRST, LAST and ordered functions."
  time: String
  "A group has no row while this input contributes nothing to it."
  required: Boolean! = false
  """
  Its rows may end by their table's \`ttl\`: what they contributed stays counted, and is gone only when the fold begins anew by another
  definition. Without it, \`meshgate check\` refuses inputs whose rows end, unless windows are closed before these do (\`keptFor\`).
  """
  endedStay: Boolean! = false
) repeatable on OBJECT

"A row of another entity beside each row (element) of a fold, by its key. When it changes, what used it is folded again."
directive @join(
  "An input type with @reads."
  input: String!
  "The variable that holds the row."
  as: String!
  "CEL, one expression per field of the joined entity's key, in its order. They may use the joins before this one."
  key: [String!]!
  "The input type of the fold that it is for. Absent: the entity's only fold."
  to: String
  "Without the joined row, the variable is null. Else the row (element) contributes nothing until there is one."
  optional: Boolean! = false
) repeatable on OBJECT

"""
Groups are told apart by time as well, by the \`time\` that every fold then has. \`size\`: tumbling windows. \`size\` and a shorter \`every\`:
sliding ones, that begin every so often. \`gap\`: sessions, that end when nothing happens for so long. ISO 8601 durations; windows are
aligned to 1970 in UTC. (Days, months and years are told apart by @group as well: \`cel: "month(placedAt)"\`.)
"""
directive @window(
  size: String
  every: String
  gap: String
  """
  How late something may come, after a window's end or after the window's first row came, whichever is later. Then the window is closed: its
  row stays, what it was made from is dropped, and what comes for it is refused, counted (\`meshgate_fold_late_total\`) and logged. Absent:
  nothing is too late, and a line per row and window is kept for ever. Of windows with \`size\`; not shorter than it takes you to mend an outage.
  """
  keptFor: String
) on OBJECT

"""
A part of what the fold groups by. Together with @windowStart they are the entity's key; with @foldBy the key begins with them, and what
follows tells the rows of a group apart.
"""
directive @group(
  "Of the field's type. A row (element) for which it is null contributes nothing."
  cel: String!
  "The input type of the fold that it is for. Absent: every fold of the entity."
  of: String
) repeatable on FIELD_DEFINITION

"The begin of the window, a DateTime! in the entity's key."
directive @windowStart on FIELD_DEFINITION

"The end of the window, a DateTime!: begin + size; of a session, its last event."
directive @windowEnd on FIELD_DEFINITION

"""
A field computed from the contributions of a group. COUNT, COUNT_DISTINCT, SUM and COLLECT always have a value; the others are null where
nothing contributes, so that their field is nullable wherever \`where\`, a fold of several that is not required, an optional join or a null
can leave them without.
"""
directive @aggregate(
  function: AggregateFunction!
  "What of a row (element) is aggregated. Null is passed over. Only COUNT may lack it."
  cel: String
  "CEL, Boolean: only what it is true for."
  where: String
  "The input type of the fold that it is for. Absent: the entity's only fold."
  of: String
) on FIELD_DEFINITION

"""
Rows of the entity come from a function in code (\`folds.ts\` beside the product's file), for what aggregates cannot say:
\`init\`, \`apply\`, \`retract\`, \`emit\` (schema/fold/fold-function.ts). Its fields have no @aggregate.

What it is given of a row are the input's fields and the joined rows by their names; with \`each\`, one element under the name in \`as\`, in place
of the list: of \`@fold(input: "OrderRead", each: "lines", as: "line")\` it has \`value.line\` and no \`value.lines\`.

Another text of \`folds.ts\`, or of a file that it imports by a relative path, is another definition: all rows are made anew. What comes from
elsewhere (a package) is not seen: raise the function's \`version\` where that makes the rows others.
"""
directive @foldBy(
  function: String!
  "Contributions are applied in the order of event time; one that comes late is put where it belongs."
  ordered: Boolean! = false
) on OBJECT

"How often at most a group's row is told anew. ISO 8601 duration. Absent: at once."
directive @emit(every: String!) on OBJECT

"The field holds the data subject's identity."
directive @subject on FIELD_DEFINITION

"The field is personal data."
directive @personal(kind: PersonalKind!) on FIELD_DEFINITION

"Who does not have one of the roles or scopes sees the field masked."
directive @mask(with: MaskKind!, unlessRoles: [String!]! = [], unlessScopes: [String!]! = []) on FIELD_DEFINITION

"Who may read the type or field, and for which purposes. Deny by default once declared."
directive @access(
  roles: [String!]! = []
  scopes: [String!]! = []
  purposes: [String!]! = []
) on OBJECT | FIELD_DEFINITION

"Rows for which the expression is false do not exist for the principal. Variables: the type's fields and \`principal\`."
directive @rowFilter(cel: String!, unlessRoles: [String!]! = []) on OBJECT
`
