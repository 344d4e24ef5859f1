// Random valid operations over any schema: aliases that are other fields' names, one key for several selections, fragments of all kinds,
// conditions on variables and literals, variables inside of inputs, the same field more than once, introspection beside data.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  parse,
  PossibleFragmentSpreadsRule,
  validate,
  ValuesOfCorrectTypeRule,
  VariablesInAllowedPositionRule,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'
import { seededRandom } from '../../seeded-random.ts'

export interface FuzzOperation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

const ATTEMPTS_MAX = 12
const DEPTH_MAX = 5
const SELECTIONS_MAX = 40
const ALIASES = ['id', 'name', 'code', 'owner', 'a', 'b', '_typename', '__proto__', 'constructor', '_entities', 'r0']

/** Rules that what is made here may break. */
const BREAKABLE = [
  OverlappingFieldsCanBeMergedRule,
  VariablesInAllowedPositionRule,
  PossibleFragmentSpreadsRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  ValuesOfCorrectTypeRule,
]

/** The first attempt that is valid, each smaller than the one before. */
export function makeOperation(schema: GraphQLSchema, seed: number, mayBeSubscription: boolean): FuzzOperation {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const random = seededRandom(seed * ATTEMPTS_MAX + attempt)
    const selections = 5 + Math.floor(random() * (SELECTIONS_MAX - attempt * 3))
    const operation = attemptOperation(schema, random, { selections, mayBeSubscription })
    if (validate(schema, parse(operation.query), BREAKABLE).length === 0) return operation
  }
  return { query: '{ __typename }', variables: {} }
}

interface Fragment {
  readonly name: string
  readonly target: string
  readonly text: string
}

interface Maker {
  readonly schema: GraphQLSchema
  readonly random: () => number
  /** What a response key stands for, by the keys above it. */
  readonly meanings: Map<string, string>
  /** Definitions. */
  readonly variables: Map<string, string>
  readonly given: Record<string, unknown>
  readonly fragments: Fragment[]
  left: number
}

function attemptOperation(
  schema: GraphQLSchema,
  random: () => number,
  { selections, mayBeSubscription }: { readonly selections: number; readonly mayBeSubscription: boolean },
): FuzzOperation {
  const mutation = schema.getMutationType()
  const query = schema.getQueryType()
  const subscription = mayBeSubscription ? schema.getSubscriptionType() : undefined
  const root = mutation && random() < 0.25 ? mutation : subscription && random() < 0.25 ? subscription : query
  if (!root) throw new Error('no query type')
  const maker: Maker = {
    schema,
    random,
    meanings: new Map(),
    variables: new Map(),
    given: {},
    fragments: [],
    left: selections,
  }
  let body =
    root === subscription
      ? `{ ${fieldSelection(root, pick(Object.values(root.getFields()), random), { place: { depth: DEPTH_MAX, path: '' }, maker })} }`
      : selectionSet(root, { depth: DEPTH_MAX, path: '' }, maker)
  if (root === query && random() < 0.06) body = body.replace(/ }$/, ' __schema { queryType { name } } }')
  if (root === query && random() < 0.03)
    body = body.replace(/ }$/, ' kind: __type(name: "Query") { kind __typename } }')
  const kind = root === query ? 'query' : root === mutation ? 'mutation' : 'subscription'
  const declared = [...maker.variables.values()]
  const head = declared.length === 0 ? '' : `(${declared.join(', ')})`
  const name = random() < 0.3 ? 'Asked' : ''
  const fragments = maker.fragments.map((each) => `fragment ${each.name} on ${each.target} ${each.text}`)
  const text = `${kind} ${name}${head} ${body}`
  return { query: [text, ...fragments].join('\n'), variables: maker.given }
}

interface Place {
  readonly depth: number
  /** Response keys above. */
  readonly path: string
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

function selectionSet(type: GraphQLCompositeType, place: Place, maker: Maker): string {
  const { random } = maker
  const parts: string[] = []
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
  const usable = fields.filter((field) => place.depth > 1 || !isCompositeType(getNamedType(field.type)))
  const count = 1 + Math.floor(random() * (place.path === '' ? 4 : 5))
  for (let index = 0; index < count && maker.left > 0; index++) {
    maker.left--
    const choice = random()
    if (choice < 0.07) parts.push(`${random() < 0.3 ? `${pick(['t', 'kind', 'type'], random)}: ` : ''}__typename`)
    else if (place.depth > 1 && (choice < (isAbstractType(type) ? 0.5 : 0.2) || usable.length === 0)) {
      parts.push(fragment(type, place, maker))
    } else if (usable.length > 0) {
      const composite = usable.filter((field) => isCompositeType(getNamedType(field.type)))
      const from = composite.length > 0 && random() < 0.35 ? composite : usable
      parts.push(fieldSelection(type, pick(from, random), { place, maker }))
    }
  }
  return `{ ${parts.length === 0 ? '__typename' : parts.join(' ')} }`
}

function fragment(type: GraphQLCompositeType, place: Place, maker: Maker): string {
  const { random, fragments } = maker
  const reusable = fragments.filter((each) => each.text !== '' && overlaps(type, each.target, maker.schema))
  if (reusable.length > 0 && random() < 0.2) return `...${pick(reusable, random).name}${condition(maker)}`
  const below = { ...place, depth: place.depth - (random() < 0.6 ? 0 : 1) }
  if (random() < 0.08) return `...${condition(maker)} ${selectionSet(type, below, maker)}`
  const possible = sharing(type, maker)
  // Clients may see none of its types.
  const target = possible.length === 0 ? type : pick(possible, random)
  const named = random() < 0.3
  const body = selectionSet(target, below, maker)
  if (!named) return `... on ${target.name}${condition(maker)} ${body}`
  const name = `F${fragments.length}`
  fragments.push({ name, target: target.name, text: body })
  return `...${name}${condition(maker)}`
}

function possibleNames(type: GraphQLCompositeType, schema: GraphQLSchema): readonly string[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [type.name]
}

function overlaps(type: GraphQLCompositeType, name: string, schema: GraphQLSchema): boolean {
  const other = schema.getType(name)
  if (!isCompositeType(other)) return false
  const own = possibleNames(type, schema)
  return possibleNames(other, schema).some((each) => own.includes(each))
}

function sharing(type: GraphQLCompositeType, { schema }: Maker): readonly GraphQLCompositeType[] {
  return Object.values(schema.getTypeMap())
    .filter((named) => isCompositeType(named))
    .filter((named) => !named.name.startsWith('__') && overlaps(type, named.name, schema))
}

function fieldSelection(
  parent: GraphQLCompositeType,
  field: GraphQLField<unknown, unknown>,
  { place, maker }: { readonly place: Place; readonly maker: Maker },
): string {
  const values = field.args.flatMap((argument) => {
    const text = argumentText(argument, maker)
    return text === null ? [] : [`${argument.name}: ${text}`]
  })
  const call = `${field.name}${values.length > 0 ? `(${values.join(', ')})` : ''}`
  const type = getNamedType(field.type)
  const key = responseKey({ parent, field, call, path: place.path }, maker)
  const alias = key === field.name ? '' : `${key}: `
  const below = { depth: place.depth - 1, path: `${place.path}.${key}` }
  const body = isCompositeType(type) ? ` ${selectionSet(type, below, maker)}` : ''
  // The one field of a subscription is not conditional.
  return `${alias}${call}${parent.name === 'Subscription' ? '' : condition(maker)}${body}`
}

interface Call {
  readonly parent: GraphQLCompositeType
  readonly field: GraphQLField<unknown, unknown>
  readonly call: string
  readonly path: string
}

/** Of the same place a key stands for one call, or, on different object types, for leaves of one type. */
function responseKey({ parent, field, call, path }: Call, { random, meanings }: Maker): string {
  const wanted = random() < 0.3 ? pick(ALIASES, random) : field.name
  const isLeaf = !isCompositeType(getNamedType(field.type))
  const own = isLeaf && isObjectType(parent) && random() < 0.7 ? `${parent.name}:` : ''
  const candidates = [wanted, field.name, ...ALIASES, ...Array.from({ length: 60 }, (_, index) => `z${index}`)]
  for (const key of candidates) {
    const meaning = `${call} ${String(field.type)}`
    const shape = `${String(field.type)}`
    const at = `${path}.${key}`
    const taken = meanings.get(at)
    if (taken !== undefined && taken !== meaning) {
      if (own === '' || !taken.endsWith(` ${shape}`) || meanings.has(`${own}${at}`)) continue
    }
    if (taken === undefined) meanings.set(at, meaning)
    meanings.set(`${own}${at}`, meaning)
    return key
  }
  return field.name
}

function condition(maker: Maker): string {
  const { random, variables, given } = maker
  if (random() > 0.14) return ''
  const one = (name: 'skip' | 'include'): string => {
    const value = pick(['$yes', '$no', '$maybe', 'true', 'false'], random)
    if (value === '$maybe') variables.set('maybe', `$maybe: Boolean = ${random() < 0.5}`)
    else if (value.startsWith('$')) {
      variables.set(value, `${value}: Boolean!`)
      given[value.slice(1)] = value === '$yes'
    }
    // Kinder than chance, so that most of an operation stays.
    const fits = (value === '$yes' || value === 'true') === (name === 'include')
    return ` @${fits || random() < 0.4 ? name : name === 'skip' ? 'include' : 'skip'}(if: ${value})`
  }
  return random() < 0.1
    ? `${one('skip').replace('@include', '@skip')} @include(if: true)`
    : one(pick(['skip', 'include'], random))
}

function argumentText({ type, defaultValue }: GraphQLArgument, maker: Maker): string | null {
  const { random } = maker
  const isRequired = isNonNullType(type) && defaultValue === undefined
  if (!isRequired && random() < 0.45) return null
  return inputText(type, 0, maker)
}

/** A literal, or a variable that is given, left to its default, null or left out; also inside of lists and objects. */
function inputText(type: GraphQLInputType, depth: number, maker: Maker): string {
  const { random, variables, given } = maker
  if (random() > 0.3) return literal(type, depth, maker)
  const name = random() < 0.1 ? `representations${variables.size}` : `v${variables.size}`
  const choice = random()
  const nullable = String(type).replace(/!$/, '')
  // Held before its value is made, since that may need none.
  variables.set(name, '')
  if (choice < 0.2) {
    variables.set(name, `$${name}: ${nullable} = ${plainLiteral(type, random)}`)
    if (random() < 0.5) given[name] = plainValue(type, random)
    return `$${name}`
  }
  variables.set(name, `$${name}: ${String(type)}`)
  if (isNonNullType(type) || choice < 0.8) given[name] = plainValue(type, random)
  else if (choice < 0.9) given[name] = null
  return `$${name}`
}

function literal(type: GraphQLInputType, depth: number, maker: Maker): string {
  const { random } = maker
  if (isNonNullType(type)) return literal(type.ofType, depth, maker)
  if (random() < 0.05 && depth > 0) return plainLiteral(type, random)
  if (isListType(type)) {
    const items = Array.from({ length: Math.floor(random() * 3) }, () => inputText(type.ofType, depth + 1, maker))
    return `[${items.join(', ')}]`
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || random() < (depth > 2 ? 0 : 0.5),
    )
    return `{ ${fields.map((field) => `${field.name}: ${inputText(field.type, depth + 1, maker)}`).join(', ')} }`
  }
  return plainLiteral(type, random)
}

function plainLiteral(type: GraphQLInputType, random: () => number): string {
  return toLiteral(plainValue(type, random), type)
}

function toLiteral(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return toLiteral(value, type.ofType)
  if (value === null || value === undefined) return 'null'
  if (isListType(type)) return `[${(value as unknown[]).map((item) => toLiteral(item, type.ofType)).join(', ')}]`
  if (isInputObjectType(type)) {
    const fields = type.getFields()
    const parts = Object.entries(value).flatMap(([name, each]) => {
      const field = fields[name]
      return field === undefined ? [] : [`${name}: ${toLiteral(each, field.type)}`]
    })
    return `{ ${parts.join(', ')} }`
  }
  if (isEnumType(type)) return typeof value === 'string' ? value : 'null'
  return typeof value === 'object' ? JSON.stringify(value).replaceAll(/"(\w+)":/g, '$1: ') : JSON.stringify(value)
}

function plainValue(type: GraphQLInputType, random: () => number, depth = 0): unknown {
  if (isNonNullType(type)) return plainValue(type.ofType, random, depth)
  if (isListType(type))
    return Array.from({ length: Math.floor(random() * 3) }, () => plainValue(type.ofType, random, depth + 1))
  if (isInputObjectType(type)) {
    const entries = Object.values(type.getFields()).flatMap((field): [string, unknown][] => {
      const isRequired = isNonNullType(field.type) && field.defaultValue === undefined
      return isRequired || random() < (depth > 2 ? 0 : 0.5)
        ? [[field.name, plainValue(field.type, random, depth + 1)]]
        : []
    })
    return Object.fromEntries(entries)
  }
  if (isEnumType(type)) return pick(type.getValues(), random).name
  switch (type.name) {
    case 'Int':
      return Math.floor(random() * 3)
    case 'Float':
      return Math.floor(random() * 3) / 2
    case 'Boolean':
      return random() < 0.5
    case 'ID':
      return random() < 0.5 ? '1' : 'two'
    case 'Blob':
      return pick([{ a: 1 }, [1, 'x'], 'text', 7, { b: { id: 'q' } }], random)
    default:
      return pick(['a', 'b "quoted"', 'ü\n', ''], random)
  }
}
