// GraphQL documents for a schema that nobody means well with: valid ones of the strangest kind, storms just below and far above the limits,
// what validation must refuse before anything is planned, and broken text.
import {
  getNamedType,
  isCompositeType,
  isLeafType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'
import { randomOperation, type ArgumentValues } from '../../federation/random-operation.ts'
import { mutated, ODD_NAMES, ODD_VALUES, oddText, pick, pickOf, upTo, type Random } from '../choices.ts'
import { argumentLiterals } from './argument-literals.ts'

export interface HostileDocument {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface DocumentSource {
  readonly schema: GraphQLSchema
  readonly literals: ArgumentValues
  readonly root: GraphQLObjectType
}

export function documentSource(schema: GraphQLSchema): DocumentSource {
  const root = schema.getQueryType()
  if (root === null || root === undefined) throw new Error('A schema without queries.')
  return { schema, root, literals: argumentLiterals(schema) }
}

export function hostileDocument(source: DocumentSource, random: Random): HostileDocument {
  const choice = random()
  if (choice < 0.3) return valid(source, random)
  if (choice < 0.45) {
    const { query, variables } = valid(source, random)
    return { query: mutated(Buffer.from(query), random).toString(), variables }
  }
  if (choice < 0.6) return withOddVariables(valid(source, random), random)
  if (choice < 0.65) return { query: oddText(random), variables: {} }
  return { query: storm(source, random), variables: choice < 0.7 ? oddVariables(random) : {} }
}

/** Of this one the answer is data, not errors, as far as the gateway's limits let it. */
export function valid({ schema, literals }: DocumentSource, random: Random): HostileDocument {
  const hasMutations = (schema.getMutationType() ?? null) !== null
  const kind = hasMutations && random() < 0.1 ? 'mutation' : 'query'
  return randomOperation(schema, Math.floor(random() * 2 ** 31), literals, kind)
}

function withOddVariables({ query, variables }: HostileDocument, random: Random): HostileDocument {
  const named = Object.keys(variables).map((name) => [name, JSON.parse(pick(ODD_VALUES, random)) as unknown])
  return { query, variables: { ...Object.fromEntries(named), ...oddVariables(random) } }
}

function oddVariables(random: Random): Record<string, unknown> {
  // Defined, as JSON.parse does it: an assignment would set the prototype.
  const names = Array.from({ length: upTo(4, random) }, () => pick(ODD_NAMES, random))
  return Object.fromEntries(names.map((name) => [name, JSON.parse(pick(ODD_VALUES, random)) as unknown]))
}

interface Handle {
  /** A field of the root that gives objects, with its arguments. */
  readonly call: string
  /** Of what it gives. */
  readonly type: string
  readonly leaf: string
  /** A field of that type that gives the type again, if there is one. */
  readonly again: string
}

function handleOf({ root, literals }: DocumentSource, random: Random): Handle {
  const fields = Object.values(root.getFields()).filter(({ type }) => isCompositeType(getNamedType(type)))
  const field = fields[Math.floor(random() * fields.length)]
  if (field === undefined) return { call: '__typename', type: root.name, leaf: '__typename', again: '__typename' }
  const type = getNamedType(field.type)
  const below = 'getFields' in type ? (Object.values(type.getFields()) as GraphQLField<unknown, unknown>[]) : []
  const plain = below.filter((each) => each.args.every((argument) => !String(argument.type).endsWith('!')))
  const leaf = plain.find((each) => isLeafType(getNamedType(each.type)))?.name ?? '__typename'
  const again = plain.find((each) => getNamedType(each.type) === type)?.name ?? leaf
  return { call: callOf(field, literals, random), type: type.name, leaf, again }
}

function callOf(field: GraphQLField<unknown, unknown>, literals: ArgumentValues, random: Random): string {
  const given = field.args.flatMap(({ name, type }) => {
    const choices = literals[`${field.name}.${name}`] ?? []
    const chosen = choices[Math.floor(random() * choices.length)]
    return chosen !== undefined && (String(type).endsWith('!') || random() < 0.5) ? [`${name}: ${chosen}`] : []
  })
  return given.length === 0 ? field.name : `${field.name}(${given.join(', ')})`
}

/** Below, at and far above what is allowed: limits are of the order of tens to thousands. */
function count(random: Random): number {
  return pickOf([() => upTo(12, random), () => upTo(250, random), () => upTo(6_000, random)], random)
}

const times = (length: number, make: (index: number) => string): string =>
  Array.from({ length }, (_, index) => make(index)).join(' ')

function storm(source: DocumentSource, random: Random): string {
  const { call, type, leaf, again } = handleOf(source, random)
  const name = pick(ODD_NAMES, random)
  const many = count(random)
  const value = pick(ODD_VALUES, random)
  return pickOf(
    [
      () => `{ ${call} { ${`${again} { `.repeat(many)}${leaf}${' }'.repeat(many)} } }`,
      () => `{ ${call} { ${'... { '.repeat(many)}${leaf}${' }'.repeat(many)} } }`,
      () => `{ ${`... on ${source.root.name} { `.repeat(many)}__typename${' }'.repeat(many)} }`,
      () => `{ ${times(many, (index) => `a${index}: ${call} { ${leaf} }`)} }`,
      () => `{ ${call} { ${times(many, (index) => `a${index}: ${leaf}`)} } }`,
      () => `{ ${call} { ${times(many, () => leaf)} } }`,
      () =>
        `{ ${call} { x: ${leaf} ${times(many, (index) => `...{ x: ${index % 2 === 0 ? leaf : '__typename'} }`)} } }`,
      () => laughs(many, { call, type, leaf, again }),
      () => cycle(many, { call, type, leaf, again }),
      () =>
        `{ ${call} { ...F0 } } ${times(many, (index) => `fragment F${index} on ${type} { ${leaf} ...F${index + 1} }`)}`,
      () => `{ ${call} { ${leaf} } } ${times(many, (index) => `fragment U${index} on ${type} { ${leaf} }`)}`,
      () => `{ ${call} { ${leaf} } } ${times(many, () => `fragment Same on ${type} { ${leaf} }`)}`,
      () =>
        `{ ${call} ${'@include(if: true) '.repeat(many)} { ${leaf} ${'@skip(if: false) '.repeat(upTo(12, random))} } }`,
      () => `{ ${call} { ${times(many, (index) => `a${index}: ${leaf} @include(if: $v)`)} } }`,
      () =>
        `query ($v: Boolean! = true ${times(many, (index) => `$v${index}: Boolean`)}) { ${call} @include(if: $v) { ${leaf} } }`,
      () => `query ($${name}: Boolean!) { ${name}: __typename ... @include(if: $${name}) { ${name}x: __typename } }`,
      () => `query ($a: [${'['.repeat(many)}Int${']'.repeat(many)}]) { ${call} { ${leaf} } }`,
      () => `query ($a: Int = ${'['.repeat(many)}${']'.repeat(many)}) { ${call} { ${leaf} } }`,
      () => `{ ${call.replace(/\(.*/, '')}(${name}: ${'{a: '.repeat(many)}1${'}'.repeat(many)}) { ${leaf} } }`,
      () => `{ ${call.replace(/\(.*/, '')}(${name}: [${times(many * 10, (index) => String(index))}]) { ${leaf} } }`,
      () => `{ ${call.replace(/\(.*/, '')}(${name}: ${value.replace(/"(\w+)":/g, '$1: ')}) { ${leaf} } }`,
      () =>
        `{ ${name}: __typename ${times(14, (index) => `${ODD_NAMES[index] ?? 'x'}: ${call} { ${ODD_NAMES[index] ?? 'x'}: ${leaf} }`)} }`,
      () =>
        `{ __schema { ${'types { fields { type { '.repeat(Math.min(many, 60))}name${' } } }'.repeat(Math.min(many, 60))} } }`,
      () => `{ ${times(many, (index) => `i${index}: __schema { types { name fields { name } } }`)} }`,
      () => `{ __type(name: "${name}") { name ${`ofType { `.repeat(many)}name${' }'.repeat(many)} } }`,
      () =>
        `{ _entities(representations: [{__typename: "${type}", id: ${value === '{}' ? '""' : '"1"'}}]) { __typename } _service { sdl } }`,
      () => `${'#'.repeat(many)}${'\n#'.repeat(many)}\n{ ${call} { ${leaf} } }`,
      () => `\ufeff${','.repeat(many)}{ ${call} { ${leaf} } }`,
      () => `{ ${call.replace(/\(.*/, '')}(a: """${'\\"""'.repeat(many)}${'\n  '.repeat(many)}""") { ${leaf} } }`,
      () => `{ ${call.replace(/\(.*/, '')}(a: "\\u{110000} \\uD800 \\u{${'0'.repeat(many)}41}") { ${leaf} } }`,
      () =>
        `{ ${call.replace(/\(.*/, '')}(a: ${pick(['1' + '0'.repeat(many), '0x1', '01', '1.e5', '-', '1e', `1e${many}`], random)}) { ${leaf} } }`,
      () => times(many, (index) => `query Q${index} { ${call} { ${leaf} } }`),
      () => `${times(many, () => `{ __typename }`)}`,
      () => `query ${name} { __typename } query ${name} { __typename }`,
      () => `subscription { ${times(1 + upTo(3, random), () => `${call} { ${leaf} }`)} }`,
      () => `subscription @skip(if: true) { __typename }`,
      () => `mutation { ${times(many, (index) => `a${index}: __typename`)} }`,
      () => `type ${name} { a: Int } extend schema { query: ${name} } { ${call} { ${leaf} } }`,
      () =>
        `{ ${call} { ${leaf} ... on ${pick(['String', 'Nothing', '__Schema', 'Query', type], random)} @defer { ${leaf} } } }`,
      () => `{ ${call} @stream(initialCount: -1) { ${leaf} } }`,
      () => `{ ${'ä'.repeat(many)} ${oddText(random)} }`,
    ],
    random,
  )
}

/** Billion laughs: each fragment spreads the next twice. */
function laughs(many: number, { call, type, leaf }: Handle): string {
  const last = Math.min(many, 900)
  const fragments = times(last, (index) => `fragment L${index} on ${type} { ...L${index + 1} ...L${index + 1} }`)
  return `{ ${call} { ...L0 } } ${fragments} fragment L${last} on ${type} { ${leaf} }`
}

/** The kind of document that has ended planners which trusted that somebody had validated it. */
function cycle(many: number, { call, type, leaf, again }: Handle): string {
  const length = 1 + Math.min(many, 900)
  const fragments = times(
    length,
    (index) =>
      `fragment C${index} on ${type} { ${leaf} ${again} { ...C${(index + 1) % length} } ...C${(index + 1) % length} }`,
  )
  return `{ ${call} { ...C0 } } ${fragments}`
}
