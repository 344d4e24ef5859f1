// Emits the Federation 2 SDL of a product's subgraph: entities, value types, enums, Relay connections, Query and Subscription.
// Of our own directives nothing is left; Federation's are kept, and imported as far as they are used.
import { Kind, print } from 'graphql'
import type { Argument, Entity, Field, FieldType, Product } from '../model.ts'

const builtInScalars = new Set(['ID', 'String', 'Int', 'Float', 'Boolean'])
const ownScalars = ['BigInt', 'Decimal', 'DateTime', 'Date', 'UUID', 'EmailAddress', 'URL', 'JSON']
/** Directives that GraphQL itself defines: nothing to import. */
const builtInDirectives = new Set(['deprecated', 'specifiedBy', 'skip', 'include', 'oneOf'])

const FEDERATION = 'https://specs.apollo.dev/federation/v2.9'

const backward: readonly Argument[] = [
  { name: 'last', description: null, type: 'Int', defaultText: null },
  { name: 'before', description: null, type: 'String', defaultText: null },
]

function described(description: string | null, indent: string): string {
  if (description === null || description === '') return ''
  const text = print({ kind: Kind.STRING, value: description, block: true })
  return `${text
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n')}\n`
}

function typeText(type: FieldType, nullable: boolean): string {
  const mark = nullable ? '' : '!'
  switch (type.kind) {
    case 'scalar':
      return type.scalar + mark
    case 'list':
      return `[${typeText(type.of, type.itemsNullable)}]${mark}`
    default:
      return type.name + mark
  }
}

const withDirectives = (text: string, directives: readonly string[]): string => [text, ...directives].join(' ')

function argumentsText(args: readonly Argument[]): string {
  if (args.length === 0) return ''
  const texts = args.map(
    ({ name, type, defaultText }) => `${name}: ${type}${defaultText === null ? '' : ` = ${defaultText}`}`,
  )
  if (args.every((argument) => argument.description === null)) return `(${texts.join(', ')})`
  const lines = args.map((argument, at) => `${described(argument.description, '    ')}    ${texts[at]}`)
  return `(\n${lines.join('\n')}\n  )`
}

/** Every connection pages backwards too. A default of `first` gives way where `last` is sent (the runtime sees to it). */
function withPaging(args: readonly Argument[]): readonly Argument[] {
  const names = new Set(args.map((argument) => argument.name))
  return [...args, ...backward.filter((argument) => !names.has(argument.name))]
}

/** How long a page's lists are, for gateways that bound what an operation costs; one that the product has written itself stays. */
function withListSize(
  directives: readonly string[],
  { defaultFirst }: { readonly defaultFirst: number },
): readonly string[] {
  if (directives.some((directive) => /^@listSize\b/.test(directive))) return directives
  const size = `@listSize(assumedSize: ${defaultFirst}, slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)`
  return [...directives, size]
}

interface FieldText {
  readonly name: string
  readonly description: string | null
  readonly arguments: readonly Argument[]
  readonly type: string
  readonly directives: readonly string[]
}

const printField = (field: FieldText): string =>
  described(field.description, '  ') +
  withDirectives(`  ${field.name}${argumentsText(field.arguments)}: ${field.type}`, field.directives)

function fieldText(field: Field): FieldText {
  const { name, description, nullable, passedDirectives: directives } = field
  const mark = nullable ? '' : '!'
  switch (field.kind) {
    case 'stored':
    case 'computed':
      return { name, description, arguments: [], type: typeText(field.type, nullable), directives }
    case 'reference':
      return { name, description, arguments: [], type: field.entity + mark, directives }
    case 'page':
      return {
        name,
        description,
        arguments: withPaging(field.page.arguments),
        type: `${field.page.entity}Connection${mark}`,
        directives: withListSize(directives, field.page),
      }
  }
}

interface TypeText {
  readonly name: string
  readonly description: string | null
  readonly directives: readonly string[]
  readonly fields: readonly FieldText[]
}

const printType = (type: TypeText): string =>
  `${described(type.description, '')}${withDirectives(`type ${type.name}`, type.directives)} {\n${type.fields.map(printField).join('\n')}\n}`

const keyText = (key: Entity['keys'][number]): string =>
  `@key(fields: ${JSON.stringify(key.fields)}${key.resolvable ? '' : ', resolvable: false'})`

/** Of another product's entity this subgraph knows its keys and what it adds. */
function fieldsOf(entity: Entity): readonly Field[] {
  if (entity.source !== null) return entity.fields
  const keyFields = new Set(entity.keys.flatMap((key) => key.fields.split(/[^\w]+/)))
  return entity.fields.filter(({ kind, name }) => kind === 'page' || kind === 'reference' || keyFields.has(name))
}

const entityType = (entity: Entity): TypeText => ({
  name: entity.name,
  description: entity.description,
  directives: [...entity.keys.map(keyText), ...entity.passedDirectives],
  fields: fieldsOf(entity).map(fieldText),
})

/** Other products may emit the same type (a range, a connection): shareable, or the subgraphs do not compose. */
const shareable = (directives: readonly string[]): readonly string[] =>
  directives.some((directive) => directive.startsWith('@shareable')) ? directives : ['@shareable', ...directives]

const plainField = (name: string, type: string, description: string | null = null): FieldText => ({
  name,
  description,
  arguments: [],
  type,
  directives: [],
})

const pageInfo: TypeText = {
  name: 'PageInfo',
  description: 'Where a page stands in its connection.',
  directives: ['@shareable'],
  fields: [
    plainField('hasNextPage', 'Boolean!'),
    plainField('hasPreviousPage', 'Boolean!'),
    plainField('startCursor', 'String'),
    plainField('endCursor', 'String'),
  ],
}

const connectionTypes = (entity: string): readonly TypeText[] => [
  {
    name: `${entity}Connection`,
    description: `A page of ${entity}.`,
    directives: ['@shareable'],
    fields: [
      plainField('edges', `[${entity}Edge!]!`),
      plainField('nodes', `[${entity}!]!`),
      plainField('pageInfo', 'PageInfo!'),
    ],
  },
  {
    name: `${entity}Edge`,
    description: null,
    directives: ['@shareable'],
    fields: [plainField('cursor', 'String!'), plainField('node', `${entity}!`)],
  },
]

/** Entities that some page lists, in the order in which they are met. */
function pagedEntities(product: Product): readonly string[] {
  const names = new Set<string>()
  for (const { fields } of product.entities)
    for (const field of fields) if (field.kind === 'page') names.add(field.page.entity)
  for (const query of product.queries) if (query.kind !== 'lookup') names.add(query.entity)
  return [...names]
}

function queryType(product: Product): TypeText | null {
  if (product.queries.length === 0) return null
  const fields = product.queries.map((query): FieldText => {
    const isPage = query.kind !== 'lookup'
    const directives = query.passedDirectives ?? []
    return {
      name: query.name,
      description: query.description,
      arguments: isPage ? withPaging(query.arguments) : query.arguments,
      type: `${query.entity}${isPage ? 'Connection' : ''}${query.nullable ? '' : '!'}`,
      directives: isPage ? withListSize(directives, query) : directives,
    }
  })
  return { name: 'Query', description: null, directives: [], fields }
}

function subscriptionType(product: Product): TypeText | null {
  if (product.subscriptions.length === 0) return null
  const fields = product.subscriptions.map((operation): FieldText => ({
    name: operation.name,
    description: operation.description,
    arguments: operation.arguments,
    type: operation.entity + (operation.nullable ? '' : '!'),
    directives: operation.passedDirectives ?? [],
  }))
  return { name: 'Subscription', description: null, directives: [], fields }
}

/** Names of the directives on types and fields, as far as Federation defines them. */
function importsOf(types: readonly TypeText[]): readonly string[] {
  const names = new Set<string>()
  for (const type of types)
    for (const directive of [...type.directives, ...type.fields.flatMap((field) => field.directives)]) {
      const name = /^@(\w+)/.exec(directive)?.[1]
      if (name !== undefined && !builtInDirectives.has(name)) names.add(`@${name}`)
    }
  return [...names].toSorted()
}

function scalarsOf(types: readonly TypeText[]): readonly string[] {
  const named = types.flatMap((type) =>
    type.fields.flatMap((field) => [field.type, ...field.arguments.map((argument) => argument.type)]),
  )
  const used = new Set(named.map((type) => type.replace(/[[\]!\s]/g, '')))
  return ownScalars.filter((scalar) => used.has(scalar) && !builtInScalars.has(scalar))
}

export function emitSubgraphSdl(product: Product): string {
  const paged = pagedEntities(product)
  const types: readonly TypeText[] = [
    queryType(product),
    subscriptionType(product),
    ...product.entities.map(entityType),
    ...product.valueTypes.map((type): TypeText => ({
      name: type.name,
      description: type.description,
      directives: shareable(type.passedDirectives),
      fields: type.fields.map(fieldText),
    })),
    ...paged.flatMap(connectionTypes),
    paged.length > 0 ? pageInfo : null,
  ].filter((type) => type !== null)
  const imports = importsOf(types).map((name) => JSON.stringify(name))
  const enums = product.enums.map(
    (type) =>
      `${described(type.description, '')}enum ${type.name} {\n${type.values
        .map((value) => `${described(value.description, '  ')}  ${value.name}`)
        .join('\n')}\n}`,
  )
  return `${[
    `extend schema @link(url: "${FEDERATION}", import: [${imports.join(', ')}])`,
    ...scalarsOf(types).map((scalar) => `scalar ${scalar}`),
    ...types.map(printType),
    ...enums,
  ].join('\n\n')}\n`
}
