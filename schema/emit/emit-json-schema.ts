// Emits the JSON Schema (draft 2020-12) of a record as its topic takes it: at the source's paths, before cleaning. What the
// codec accepts it accepts; it refuses other types and what is missing. Rules on cleaned values and expressions are the codec's alone.
import type { Check, Entity, Field, FieldType, Interval, Product, ScalarName, StoredField } from '../model.ts'
import { schemaLimits } from '../schema-limits.ts'
import { wholeLinePattern } from './record-line.ts'

interface Schema {
  readonly [keyword: string]: unknown
}

const numeral: Schema = {
  type: ['number', 'string'],
  pattern: '^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$',
}
/** No `format`: a blank for the T and times without an offset are accepted too. */
const time: Schema = { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?$' }

const scalarSchemas: Readonly<Record<ScalarName, Schema>> = {
  ID: { type: ['string', 'integer'] },
  String: { type: 'string' },
  Int: { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  BigInt: numeral,
  Decimal: numeral,
  DateTime: time,
  Date: time,
  UUID: { type: 'string', pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' },
  EmailAddress: { type: 'string', pattern: '^[^@]+@[^@]+$' },
  URL: { type: 'string', pattern: '^\\s*[A-Za-z][A-Za-z0-9+.-]*:' },
  JSON: {},
}

/** What a parser takes: text, and the value already parsed. */
const parsedTypes = {
  RANGE: ['string', 'object'],
  COMMON_LOG_TIME: ['string'],
  EPOCH_MILLISECONDS: ['number', 'string'],
  EPOCH_SECONDS: ['number', 'string'],
  NUMBER: ['number', 'string'],
  BOOLEAN: ['boolean', 'number', 'string'],
  COMMA_LIST: ['string', 'array'],
} as const

/** What lies at the record's paths. */
interface Node {
  schema: Schema | null
  required: boolean
  readonly members: Map<string, Node>
}

const createNode = (): Node => ({ schema: null, required: false, members: new Map() })

export function emitJsonSchema(product: Product, entity: Entity): object {
  if (entity.source?.format === 'TEXT') return lineSchema(product, entity)
  const partial = entity.source?.partial ?? false
  const definitions = product.valueTypes.map((type) => [
    type.name,
    { ...description(type), ...objectSchema(product, type.fields, () => true) },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:meshgate:${product.domain}:${product.name}:${product.version}:${entity.name}`,
    title: entity.name,
    ...description(entity),
    ...objectSchema(product, entity.fields, (field) => !partial || entity.key.includes(field.name)),
    ...(definitions.length === 0 ? {} : { $defs: Object.fromEntries(definitions) }),
  }
}

/** The record is a line, and its members are groups of the pattern. JSON Schema's patterns are JavaScript's, with flag u. */
function lineSchema({ domain, name, version }: Product, entity: Entity): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:meshgate:${domain}:${name}:${version}:${entity.name}`,
    title: entity.name,
    ...description(entity),
    type: 'string',
    maxLength: schemaLimits.textLineCharactersMax,
    pattern: wholeLinePattern(entity.source?.pattern ?? ''),
  }
}

const description = (described: { readonly description: string | null }): Schema =>
  described.description === null ? {} : { description: described.description }

function objectSchema(
  product: Product,
  fields: readonly Field[],
  mayNotBeAbsent: (field: StoredField) => boolean,
): Schema {
  const root = createNode()
  root.required = true
  for (const field of fields) {
    if (field.kind !== 'stored') continue
    const required = !field.nullable && field.extraction.defaultText === null && mayNotBeAbsent(field)
    let node = root
    for (const segment of field.extraction.path) {
      const next = node.members.get(segment) ?? createNode()
      node.members.set(segment, next)
      if (required) next.required = true
      node = next
    }
    const schema = fieldSchema(product, field)
    // Two fields may read one path: the value has to be good for both.
    node.schema = node.schema === null ? schema : { allOf: [node.schema, schema] }
  }
  return nodeSchema(root)
}

function nodeSchema(node: Node): Schema {
  if (node.members.size === 0) return node.schema ?? {}
  const members = [...node.members]
  const required = members.filter(([, member]) => member.required).map(([name]) => name)
  const object: Schema = {
    // What nothing required lies under may be anything: the codec reads its fields as absent.
    ...(node.required ? { type: 'object' } : {}),
    properties: Object.fromEntries(members.map(([name, member]) => [name, nodeSchema(member)])),
    ...(required.length === 0 ? {} : { required }),
  }
  return node.schema === null ? object : { allOf: [node.schema, object] }
}

function fieldSchema(product: Product, field: StoredField): Schema {
  const { parse, trim, emptyAsNull, letterCase, defaultText } = field.extraction
  const cleaned = trim || emptyAsNull || letterCase !== null
  const value = parse === null ? typeSchema(product, field.type, cleaned) : { type: parsedTypes[parse] }
  // A rule is of the cleaned value; it can be stated only where the source's value is that value.
  const rules = cleaned || parse !== null ? [] : field.checks.flatMap((check) => ruleSchema(check, field.type))
  const whole: Schema = rules.length === 0 ? value : { ...value, allOf: rules }
  if (!field.nullable && defaultText === null) return { ...description(field), ...whole }
  const empty = emptyAsNull ? [{ type: 'string', pattern: '^\\s*$' }] : []
  return { ...description(field), anyOf: [whole, { type: 'null' }, ...empty] }
}

/** `cleaned`: text becomes a value of the type only when trimmed or in another case. */
function typeSchema(product: Product, type: FieldType, cleaned: boolean): Schema {
  switch (type.kind) {
    case 'scalar': {
      const schema = scalarSchemas[type.scalar]
      return cleaned && 'pattern' in schema ? { type: schema['type'] } : schema
    }
    case 'enum': {
      const names = product.enums.find((candidate) => candidate.name === type.name)?.values ?? []
      return cleaned ? { type: 'string' } : { enum: names.map((value) => value.name) }
    }
    case 'object':
      return { $ref: `#/$defs/${type.name}` }
    case 'list': {
      const item = typeSchema(product, type.of, cleaned)
      return { type: 'array', items: type.itemsNullable || cleaned ? { anyOf: [item, { type: 'null' }] } : item }
    }
  }
}

const shortBound = (bound: string | null): number | null => (bound === null || bound.length > 15 ? null : Number(bound))

function rangeSchema(interval: Interval): Schema {
  const lower = shortBound(interval.lower)
  const upper = shortBound(interval.upper)
  return {
    ...(lower === null ? {} : { [interval.lowerInclusive ? 'minimum' : 'exclusiveMinimum']: lower }),
    ...(upper === null ? {} : { [interval.upperInclusive ? 'maximum' : 'exclusiveMaximum']: upper }),
  }
}

function lengthSchema(interval: Interval, of: 'Length' | 'Items'): Schema {
  const lower = shortBound(interval.lower)
  const upper = shortBound(interval.upper)
  const least = lower === null ? 0 : interval.lowerInclusive ? Math.ceil(lower) : Math.floor(lower) + 1
  const most = upper === null ? null : interval.upperInclusive ? Math.floor(upper) : Math.ceil(upper) - 1
  return {
    ...(least <= 0 ? {} : { [`min${of}`]: least }),
    ...(most === null ? {} : { [`max${of}`]: Math.max(most, 0) }),
  }
}

/** A rejecting rule as keywords, which bind only values of their own JSON type: a Decimal sent as text passes `minimum`. */
function ruleSchema(check: Check, type: FieldType): readonly Schema[] {
  const { rule } = check
  if (check.onFail !== 'REJECT' || rule.kind === 'cel') return []
  if (rule.kind === 'length') return [lengthSchema(rule.interval, type.kind === 'list' ? 'Items' : 'Length')]
  if (type.kind === 'list') {
    const items = ruleSchema(check, type.of)
    return items.length === 0 ? [] : [{ items: { anyOf: [{ allOf: items }, { type: 'null' }] } }]
  }
  switch (rule.kind) {
    case 'range':
      return [rangeSchema(rule.interval)]
    case 'pattern':
      return isPlainText(type) ? [{ pattern: rule.source }] : []
    case 'oneOf':
      return isPlainText(type) ? [{ enum: rule.values }] : []
  }
}

/** The source's text is the value itself, not one of several spellings of it. */
const isPlainText = (type: FieldType): boolean =>
  type.kind === 'enum' || (type.kind === 'scalar' && ['String', 'EmailAddress', 'URL'].includes(type.scalar))
