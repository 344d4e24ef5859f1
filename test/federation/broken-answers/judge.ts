// Judges a response by the operation and the public schema alone: which keys in which order, which values, where null may stand and what an
// error has to look like. Knows nothing of plans, and shares no code with the gateway.
import {
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  type DocumentNode,
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'

export type Path = readonly (string | number)[]

export interface ResponseError {
  readonly message: string
  readonly path?: Path
  readonly extensions?: Readonly<Record<string, unknown>>
}

export interface JudgedResponse {
  readonly data?: unknown
  readonly errors?: readonly ResponseError[]
}

export interface Judge {
  /** What is wrong with it; empty: nothing. */
  judge(response: JudgedResponse): string[]
}

interface Judging {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly variables: Readonly<Record<string, unknown>>
}

export function createJudge(schema: GraphQLSchema, query: string, given: Readonly<Record<string, unknown>>): Judge {
  const document = parse(query)
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)
  if (operation === undefined) throw new Error('no operation')
  const judging: Judging = { schema, document, variables: withDefaults(operation, given) }
  const root = schema.getRootType(operation.operation)
  if (!root) throw new Error('no root type')
  return {
    judge: (response) => [
      ...Object.keys(response).flatMap((key) => (['errors', 'data'].includes(key) ? [] : [`${key} beside the data`])),
      ...(response.data === null
        ? []
        : judgeObject(response.data, root, {
            judging,
            fields: collect(judging, root, operation.selectionSet.selections),
          })),
      ...(response.errors ?? []).flatMap((error) => judgeError(error, response.data)),
    ],
  }
}

function withDefaults(operation: OperationDefinitionNode, given: Readonly<Record<string, unknown>>) {
  const variables: Record<string, unknown> = { ...given }
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const { value: name } = variable.name
    if (!Object.hasOwn(given, name) && defaultValue?.kind === Kind.BOOLEAN) variables[name] = defaultValue.value
  }
  return variables
}

/** CollectFields of the spec (6.3.2). */
function collect(
  judging: Judging,
  type: GraphQLObjectType,
  selections: readonly SelectionNode[],
  collected = { fields: new Map<string, FieldNode[]>(), visited: new Set<string>() },
): Map<string, FieldNode[]> {
  for (const selection of selections) {
    if (!isIncluded(selection, judging.variables)) continue
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      collected.fields.set(key, [...(collected.fields.get(key) ?? []), selection])
      continue
    }
    const fragment = fragmentOf(selection, judging.document, collected.visited)
    if (fragment === null) continue
    const condition = fragment.typeCondition?.name.value
    if (condition !== undefined && !applies(judging.schema, condition, type)) continue
    collect(judging, type, fragment.selectionSet.selections, collected)
  }
  return collected.fields
}

function fragmentOf(selection: Exclude<SelectionNode, FieldNode>, document: DocumentNode, visited: Set<string>) {
  if (selection.kind === Kind.INLINE_FRAGMENT) return selection
  const { value: name } = selection.name
  if (visited.has(name)) return null
  visited.add(name)
  for (const each of document.definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name) return each
  }
  return null
}

function isIncluded({ directives = [] }: SelectionNode, variables: Readonly<Record<string, unknown>>): boolean {
  return directives.every(({ name, arguments: given }) => {
    const value = given?.[0]?.value
    const isTrue =
      value?.kind === Kind.VARIABLE ? variables[value.name.value] : value?.kind === Kind.BOOLEAN && value.value
    return name.value === 'skip' ? isTrue !== true : name.value !== 'include' || isTrue === true
  })
}

function applies(schema: GraphQLSchema, condition: string, type: GraphQLObjectType): boolean {
  const conditional = schema.getType(condition)
  return condition === type.name || (isAbstractType(conditional) && schema.isSubType(conditional, type))
}

interface JudgingObject {
  readonly judging: Judging
  readonly fields: ReadonlyMap<string, readonly FieldNode[]>
}

function judgeObject(value: unknown, type: GraphQLObjectType, { judging, fields }: JudgingObject): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${type.name}: no object`]
  const entries = Object.entries(value)
  const wanted = [...fields.keys()]
  // An object's keys that look like indexes would stand first; names never do.
  if (JSON.stringify(Object.keys(value)) !== JSON.stringify(wanted)) {
    return [`${type.name}: keys ${Object.keys(value).join()} in place of ${wanted.join()}`]
  }
  return entries.flatMap(([key, each]) => {
    const nodes = fields.get(key) ?? []
    const name = nodes[0]?.name.value ?? ''
    const below = (problem: string): string => `${key}.${problem}`
    if (name === '__typename')
      return each === type.name ? [] : [below(`__typename ${JSON.stringify(each)} of ${type.name}`)]
    if (name.startsWith('__')) return typeof each === 'object' ? [] : [below('no introspection')]
    const field = type.getFields()[name]
    if (field === undefined) return [below('no such field')]
    return judgeValue(each, field.type, { judging, nodes }).map(below)
  })
}

interface JudgingValue {
  readonly judging: Judging
  readonly nodes: readonly FieldNode[]
}

function judgeValue(value: unknown, type: GraphQLOutputType, at: JudgingValue): string[] {
  if (value === null) return isNonNullType(type) ? ['null where none may be'] : []
  const inner = getNullableType(type)
  if (isListType(inner)) {
    if (!Array.isArray(value)) return ['no list']
    return value.flatMap((item, index) => judgeValue(item, inner.ofType, at).map((problem) => `${index}.${problem}`))
  }
  if (!isCompositeType(inner)) return judgeLeaf(value, inner)
  const { judging, nodes } = at
  const possible = isAbstractType(inner) ? judging.schema.getPossibleTypes(inner) : [inner]
  let fewest: string[] | null = null
  for (const each of possible) {
    const selections = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
    const problems = judgeObject(value, each, { judging, fields: collect(judging, each, selections) })
    if (problems.length === 0) return []
    fewest ??= problems
  }
  return fewest ?? [`${inner.name} has no types`]
}

function judgeLeaf(value: unknown, type: GraphQLOutputType): string[] {
  const { name } = getNamedType(type)
  const isRight: Readonly<Record<string, () => boolean>> = {
    Int: () => Number.isInteger(value) && Math.abs(Number(value) + 0.5) < 2 ** 31,
    Float: () => Number.isFinite(value),
    Boolean: () => typeof value === 'boolean',
    String: () => typeof value === 'string',
    ID: () => typeof value === 'string',
  }
  if (isEnumType(type)) return type.getValue(String(value)) === undefined ? [`no ${name}`] : []
  return isRight[name]?.() === false ? [`no ${name}`] : []
}

function judgeError(error: ResponseError, data: unknown): string[] {
  const { message, path, extensions } = error
  if (typeof message !== 'string') return ['an error without a message']
  if (typeof extensions?.['code'] !== 'string') return [`an error without a code: ${message}`]
  if (path === undefined) return []
  let value: unknown = data
  for (const [at, step] of path.entries()) {
    const isKey = typeof step === 'string' || (Number.isInteger(step) && step >= 0)
    if (!isKey) return [`an error's path with ${JSON.stringify(step)}`]
    if (value === null) continue
    if (typeof value !== 'object') return [`an error below a leaf: ${path.join('.')}`]
    if (Array.isArray(value) !== (typeof step === 'number') || !Object.hasOwn(value, step)) {
      return [`an error's path that is not there from ${at} on: ${path.join('.')}`]
    }
    value = (value as Record<string | number, unknown>)[step]
  }
  return []
}
