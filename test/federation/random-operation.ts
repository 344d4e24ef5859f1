// Makes random valid operations over a schema, the same for the same seed: nested selections, aliases that collide with keys,
// arguments, fragments on every possible type, @skip and @include.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'

/** mulberry32: uniform in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface RandomOperation {
  readonly query: string
  readonly variables: Record<string, unknown>
}

const DEPTH_MAX = 5
const ALIASES = ['id', 'name', 'upc', 'x', 'y', 'price', '__proto__', 'constructor']

export function randomOperation(schema: GraphQLSchema, seed: number, argumentValues: ArgumentValues): RandomOperation {
  const random = seededRandom(seed)
  const root = schema.getQueryType()
  if (!root) throw new Error('no Query')
  const generator = { schema, random, argumentValues, keys: new Map<string, string>() }
  const selections = selectionSet(root, DEPTH_MAX, generator)
  const used = ['yes', 'no'].filter((name) => selections.includes(`$${name})`))
  const declared = used.length === 0 ? '' : `(${used.map((name) => `$${name}: Boolean!`).join(', ')}) `
  return { query: `query ${declared}${selections}`, variables: { yes: true, no: false } }
}

/** Literals to choose from, by `field.argument`. */
export type ArgumentValues = Readonly<Record<string, readonly string[]>>

interface Generator {
  readonly schema: GraphQLSchema
  readonly random: () => number
  readonly argumentValues: ArgumentValues
  /** Response keys given out, with what they stand for: one key never stands for two things, so every operation is valid. */
  readonly keys: Map<string, string>
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

function selectionSet(type: GraphQLCompositeType, depth: number, generator: Generator): string {
  const { random, schema } = generator
  const parts: string[] = []
  const count = 1 + Math.floor(random() * 4)
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
  const usable = fields.filter((field) => depth > 1 || !isCompositeType(getNamedType(field.type)))
  for (let index = 0; index < count; index++) {
    const choice = random()
    if (choice < 0.08) parts.push('__typename')
    else if (depth > 1 && (choice < 0.25 || usable.length === 0)) {
      const targets = isAbstractType(type) ? [...schema.getPossibleTypes(type), type] : [type]
      const target = pick(targets, random)
      parts.push(`... on ${target.name}${condition(generator)} ${selectionSet(target, depth - 1, generator)}`)
    } else if (usable.length > 0) parts.push(fieldSelection(pick(usable, random), depth, generator))
  }
  return `{ ${parts.length === 0 ? '__typename' : parts.join(' ')} }`
}

function fieldSelection(field: GraphQLField<unknown, unknown>, depth: number, generator: Generator): string {
  const { random } = generator
  const values = field.args.flatMap(({ name, type }): string[] => {
    const literals = generator.argumentValues[`${field.name}.${name}`] ?? []
    const required = String(type).endsWith('!')
    return literals.length > 0 && (required || random() < 0.6) ? [`${name}: ${pick(literals, random)}`] : []
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
