// Makes random valid operations over a schema, the same for the same seed: nested selections, aliases that collide with keys,
// arguments as literals and as variables (given, left to their default, null), fragments on every type that shares objects, named and
// inline, @skip and @include, introspection beside data, mutations.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  parseValue,
  valueFromAST,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'
import { seededRandom } from '../seeded-random.ts'

export interface RandomOperation {
  readonly query: string
  readonly variables: Record<string, unknown>
}

const DEPTH_MAX = 5
const ALIASES = ['id', 'name', 'upc', 'x', 'y', 'price', '__proto__', 'constructor']

export function randomOperation(
  schema: GraphQLSchema,
  seed: number,
  argumentValues: ArgumentValues,
  kind: 'query' | 'mutation' = 'query',
): RandomOperation {
  const random = seededRandom(seed)
  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType()
  if (!root) throw new Error(`no ${kind}`)
  const generator: Generator = {
    schema,
    random,
    argumentValues,
    keys: new Map(),
    variables: new Map(),
    fragments: [],
    given: { yes: true, no: false },
  }
  const body = selectionSet(root, DEPTH_MAX, generator)
  const introspection = kind === 'query' && random() < 0.05 ? ' __schema { queryType { name } }' : ''
  const selections = body.replace(/ }$/, `${introspection} }`)
  const text = [selections, ...generator.fragments].join('\n')
  const conditions = ['yes', 'no'].filter((name) => text.includes(`$${name})`)).map((name) => `$${name}: Boolean!`)
  const declared = [...conditions, ...generator.variables.values()]
  const head = declared.length === 0 ? '' : `(${declared.join(', ')}) `
  return { query: `${kind} ${head}${text}`, variables: generator.given }
}

/** Literals to choose from, by `field.argument`. */
export type ArgumentValues = Readonly<Record<string, readonly string[]>>

interface Generator {
  readonly schema: GraphQLSchema
  readonly random: () => number
  readonly argumentValues: ArgumentValues
  /** Response keys given out, with what they stand for: one key never stands for two things, so every operation is valid. */
  readonly keys: Map<string, string>
  /** Definitions by name. */
  readonly variables: Map<string, string>
  readonly fragments: string[]
  readonly given: Record<string, unknown>
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

function selectionSet(type: GraphQLCompositeType, depth: number, generator: Generator): string {
  const { random } = generator
  const parts: string[] = []
  const count = 1 + Math.floor(random() * 4)
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
  const usable = fields.filter((field) => depth > 1 || !isCompositeType(getNamedType(field.type)))
  for (let index = 0; index < count; index++) {
    const choice = random()
    if (choice < 0.08) parts.push('__typename')
    else if (depth > 1 && (choice < 0.25 || usable.length === 0)) {
      parts.push(fragment(type, depth, generator))
    } else if (usable.length > 0) parts.push(fieldSelection(pick(usable, random), depth, generator))
  }
  return `{ ${parts.length === 0 ? '__typename' : parts.join(' ')} }`
}

function fragment(type: GraphQLCompositeType, depth: number, generator: Generator): string {
  const { random, fragments } = generator
  const target = pick(sharing(type, generator), random)
  const body = selectionSet(target, depth - 1, generator)
  if (random() < 0.7) return `... on ${target.name}${condition(generator)} ${body}`
  const name = `F${fragments.length}`
  fragments.push(`fragment ${name} on ${target.name} ${body}`)
  return `...${name}${condition(generator)}`
}

/** Every type that some object of this one is of. */
function sharing(type: GraphQLCompositeType, { schema }: Generator): readonly GraphQLCompositeType[] {
  const possible = (of: GraphQLCompositeType): readonly GraphQLCompositeType[] =>
    isAbstractType(of) ? schema.getPossibleTypes(of) : [of]
  const own = possible(type)
  return Object.values(schema.getTypeMap())
    .filter((named) => isCompositeType(named))
    .filter((named) => !named.name.startsWith('__') && possible(named).some((each) => own.includes(each)))
}

/** A literal, or a variable that is given, left to its default, or null where the argument allows it. */
function argument(type: GraphQLInputType, literals: readonly string[], generator: Generator): string {
  const { random, variables, given } = generator
  const literal = pick(literals, random)
  const choice = random()
  if (choice < 0.6) return literal
  const name = `v${variables.size}`
  const nullable = String(type).replace(/!$/, '')
  if (choice < 0.75) {
    variables.set(name, `$${name}: ${nullable} = ${literal}`)
    return `$${name}`
  }
  const isNullable = nullable === String(type)
  variables.set(name, `$${name}: ${String(type)}`)
  if (!isNullable || choice < 0.9) given[name] = valueFromAST(parseValue(literal), type)
  else if (choice < 0.95) given[name] = null
  return `$${name}`
}

function fieldSelection(field: GraphQLField<unknown, unknown>, depth: number, generator: Generator): string {
  const { random } = generator
  const values = field.args.flatMap(({ name, type }): string[] => {
    const literals = generator.argumentValues[`${field.name}.${name}`] ?? []
    const required = String(type).endsWith('!')
    return literals.length > 0 && (required || random() < 0.6)
      ? [`${name}: ${argument(type, literals, generator)}`]
      : []
  })
  const type = getNamedType(field.type)
  const below = isCompositeType(type) ? ` ${selectionSet(type, depth - 1, generator)}` : ''
  const call = `${field.name}${values.length > 0 ? `(${values.join(', ')})` : ''}`
  return `${aliasFor(call, field, generator)}${call}${condition(generator)}${below}`
}

function aliasFor(call: string, field: GraphQLField<unknown, unknown>, { random, keys }: Generator): string {
  const meaning = `${call} ${String(field.type)}`
  const wanted = random() < 0.25 ? pick(ALIASES, random) : field.name
  for (const key of [
    wanted,
    field.name,
    ...ALIASES,
    ...Array.from({ length: keys.size + 1 }, (_, index) => `z${index}`),
  ]) {
    const taken = keys.get(key)
    if (taken !== undefined && taken !== meaning) continue
    keys.set(key, meaning)
    return key === field.name ? '' : `${key}: `
  }
  return ''
}

function condition({ random }: Generator): string {
  if (random() > 0.12) return ''
  return ` @${pick(['skip', 'include'], random)}(if: ${pick(['$yes', '$no', 'true', 'false'], random)})`
}
