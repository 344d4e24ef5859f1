// The subgraphs of a random mesh, in-process, strict: every request is validated against the subgraph's own schema, representations must
// hold a key that it resolves, and what it cannot answer (external, overridden, without what is required) is a violation, not just an error.
import {
  buildASTSchema,
  execute,
  Kind,
  parse,
  validate,
  visit,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import { canonical, eachItem, type FuzzObject, type MeshData } from './mesh-data.ts'
import type { GraphModel, MeshModel } from './mesh-model.ts'

const FEDERATION = [
  'key',
  'requires',
  'external',
  'provides',
  'shareable',
  'override',
  'interfaceObject',
  'inaccessible',
  'tag',
  'extends',
]

/** An object on its way through one subgraph. */
interface Located extends FuzzObject {
  /** Fields below that the field that led here provides. */
  readonly provided: SelectionSetNode | null
  readonly representation: Readonly<Record<string, unknown>> | null
}

export function buildGraphSchema(graph: GraphModel): GraphQLSchema {
  const document = visit(parse(graph.sdl, { noLocation: true }), {
    Directive: (node) => (FEDERATION.includes(node.name.value) ? null : undefined),
  })
  const entities = [...graph.types.values()]
    .filter(({ kind, keys }) => kind === 'object' && keys.some(({ resolvable }) => resolvable))
    .map(({ name }) => name)
  const entityPart =
    entities.length === 0
      ? ''
      : `union _Entity = ${entities.join(' | ')}\nscalar _Any\n${'_entities(representations: [_Any!]!): [_Entity]!'}`
  const [union = '', any = '', field = ''] = entityPart.split('\n')
  const hasQuery = graph.types.has('Query')
  const query = `${hasQuery ? 'extend ' : ''}type Query { ${field} _service: String }`
  const extra = parse(`${union}\n${any}\n${query}`, { noLocation: true })
  const merged: DocumentNode = { kind: Kind.DOCUMENT, definitions: [...document.definitions, ...extra.definitions] }
  return extendable(merged)
}

/** buildASTSchema ignores extensions: the one of Query is merged by hand. */
function extendable(document: DocumentNode): GraphQLSchema {
  const extension = document.definitions.find((each) => each.kind === Kind.OBJECT_TYPE_EXTENSION)
  const definitions = document.definitions.flatMap((each) => {
    if (each.kind === Kind.OBJECT_TYPE_EXTENSION) return []
    if (
      each.kind === Kind.OBJECT_TYPE_DEFINITION &&
      each.name.value === 'Query' &&
      extension?.kind === Kind.OBJECT_TYPE_EXTENSION
    ) {
      return [{ ...each, fields: [...(each.fields ?? []), ...(extension.fields ?? [])] }]
    }
    return [each]
  })
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions })
}

export interface FuzzSubgraphs {
  readonly endpoints: readonly SubgraphEndpoint[]
  /** Requests that no plan may make, since `reset`. */
  readonly violations: string[]
  /** Requests since `reset`. */
  readonly requests: { readonly service: string; readonly query: string; readonly variables: unknown }[]
  reset(): void
}

export interface SubgraphsOptions {
  readonly model: MeshModel
  readonly schemas: ReadonlyMap<string, GraphQLSchema>
  readonly data: MeshData
}

export function createSubgraphs(options: SubgraphsOptions): FuzzSubgraphs {
  const violations: string[] = []
  const requests: { service: string; query: string; variables: unknown }[] = []
  const endpoints = options.model.graphs.map((graph) => {
    const schema = options.schemas.get(graph.name)
    if (schema === undefined) throw new Error(`no schema of ${graph.name}`)
    const violate = (text: string): Error => {
      violations.push(`${graph.name}: ${text}`)
      return new Error(text)
    }
    const run = createRunner({ graph, schema, data: options.data, violate })
    return {
      name: graph.name,
      execute: async (request: SubgraphRequest): Promise<SubgraphResponse> => {
        requests.push({ service: graph.name, query: request.query, variables: request.variables })
        return run(request)
      },
      subscribe: async (request: SubgraphRequest) => {
        requests.push({ service: graph.name, query: request.query, variables: request.variables })
        return oneEvent(run(request))
      },
      close: () => Promise.resolve(),
    }
  })
  const reset = (): void => {
    violations.length = 0
    requests.length = 0
    options.data.reset()
  }
  return { endpoints, violations, requests, reset }
}

async function* oneEvent(event: SubgraphResponse): AsyncGenerator<SubgraphResponse, void> {
  yield event
}

interface RunnerOptions {
  readonly graph: GraphModel
  readonly schema: GraphQLSchema
  readonly data: MeshData
  readonly violate: (text: string) => Error
}

function createRunner(options: RunnerOptions): (request: SubgraphRequest) => SubgraphResponse {
  const { graph, schema, violate } = options
  const valid = new Map<string, DocumentNode>()
  const fieldResolver = createResolver(options)
  const typeOf = (object: FuzzObject): string => {
    if (!graph.types.has(object.type)) violate(`data of a type unknown here: ${object.type}`)
    return object.type
  }
  const entityType = (object: Located): string => {
    if (graph.types.get(object.type)?.kind === 'object') return object.type
    const interfaceObject = [...graph.types.values()].find(
      (type) => type.isInterfaceObject && type.name === object.representation?.['__typename'],
    )
    return interfaceObject?.name ?? typeOf(object)
  }
  return ({ query, variables }) => {
    let document = valid.get(query)
    if (document === undefined) {
      document = parse(query)
      const problems = validate(schema, document)
      if (problems.length > 0) throw violate(`invalid request: ${problems[0]?.message ?? ''} in ${query}`)
      if (valid.size > 1000) valid.clear()
      valid.set(query, document)
    }
    const result = execute({
      schema,
      document,
      rootValue: null,
      variableValues: { ...variables },
      fieldResolver,
      typeResolver: (object: Located, _, { returnType }) =>
        (Object.hasOwn(object, 'isEntity') && returnType ? entityType : typeOf)(object),
    })
    if (result instanceof Promise) throw new Error('subgraphs answer at once')
    if (result.data === undefined) throw violate(`refused: ${result.errors?.[0]?.message ?? ''} in ${query}`)
    // As over a wire: nothing of ours can be changed by who reads it.
    return JSON.parse(JSON.stringify(result)) as SubgraphResponse
  }
}

function createResolver({ graph, data, violate }: RunnerOptions): GraphQLFieldResolver<Located | null, unknown> {
  return (source, args: Record<string, unknown>, _, info) => {
    const { fieldName } = info
    if (fieldName === '_entities') {
      return (args['representations'] as readonly Record<string, unknown>[]).map((representation) =>
        lookUp({ graph, data, violate }, representation),
      )
    }
    if (fieldName === '_service') return null
    const object: Located = source ?? { ...data.root(info.parentType.name), provided: null, representation: null }
    const parent = graph.types.get(info.parentType.name)
    const field = parent?.fields.get(fieldName)
    const where = `${info.parentType.name}.${fieldName}`
    if (parent === undefined || field === undefined) throw violate(`${where} is not defined`)
    if (field.dead) throw violate(`${where} is overridden elsewhere`)
    const given = providedBelow(object.provided, fieldName, object.type)
    const isKeyField = parent.keys.some((key) =>
      key.fields.selections.some((each) => each.kind === Kind.FIELD && each.name.value === fieldName),
    )
    if (field.external && given === undefined && !isKeyField) throw violate(`${where} is external`)
    let required: string | undefined
    if (field.requires !== null) {
      if (object.representation === null) throw violate(`${where} is asked without a representation`)
      for (const each of field.requires.selections) {
        if (each.kind === Kind.FIELD && !Object.hasOwn(object.representation, each.name.value)) {
          throw violate(`${where} is asked without ${each.name.value}`)
        }
      }
      required = canonical(pick(graph, object.representation, field.requires))
    }
    const provided = joined(field.provides, given ?? null)
    return eachLocated(data.read(object, fieldName, args, required), provided)
  }
}

function eachLocated(value: unknown, provided: SelectionSetNode | null): unknown {
  if (Array.isArray(value)) return value.map((each) => eachLocated(each, provided))
  const isObject = typeof value === 'object' && value !== null && 'n' in value && 'id' in value && 'type' in value
  return isObject ? { ...value, provided, representation: null } : value
}

/** Undefined: it is not provided. Null: it is, and nothing below. */
function providedBelow(set: SelectionSetNode | null, field: string, type: string): SelectionSetNode | null | undefined {
  for (const each of set?.selections ?? []) {
    if (each.kind === Kind.FIELD && each.name.value === field) return each.selectionSet ?? null
    if (each.kind === Kind.INLINE_FRAGMENT && each.typeCondition?.name.value === type) {
      const found = providedBelow(each.selectionSet, field, type)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function joined(one: SelectionSetNode | null, other: SelectionSetNode | null): SelectionSetNode | null {
  if (one === null || other === null) return one ?? other
  return { kind: Kind.SELECTION_SET, selections: [...one.selections, ...other.selections] }
}

/** The part of a representation that a set names: what is absent stays absent. */
function pick(
  graph: GraphModel,
  value: Readonly<Record<string, unknown>>,
  set: SelectionSetNode,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const each of set.selections) {
    if (each.kind === Kind.INLINE_FRAGMENT) {
      const condition = each.typeCondition?.name.value
      // Another field of the same lookup may require for other types what this one does not.
      if (condition === undefined || isOf(graph, value['__typename'], condition))
        Object.assign(result, pick(graph, value, each.selectionSet))
    }
    if (each.kind !== Kind.FIELD || !Object.hasOwn(value, each.name.value)) continue
    const below = each.selectionSet
    result[each.name.value] = eachItem(value[each.name.value], (item) =>
      below === undefined ? item : pick(graph, item as Record<string, unknown>, below),
    )
  }
  return result
}

function isOf(graph: GraphModel, type: unknown, condition: string): boolean {
  if (typeof type !== 'string' || type === condition) return true
  return graph.possible.get(condition)?.includes(type) ?? false
}

function lookUp(
  { graph, data, violate }: Pick<RunnerOptions, 'graph' | 'data' | 'violate'>,
  representation: Readonly<Record<string, unknown>>,
): unknown {
  const typeName = representation['__typename']
  const type = typeof typeName === 'string' ? graph.types.get(typeName) : undefined
  if (type === undefined) throw violate(`no type for ${canonical(representation)}`)
  let found: FuzzObject | undefined
  let keys = 0
  for (const key of type.keys) {
    if (!key.resolvable || !hasAll(representation, key.fields)) continue
    keys++
    const object = data.find(type.name, key.fields, canonical(pick(graph, representation, key.fields)))
    if (object === undefined || (found !== undefined && found.id !== object.id)) {
      throw violate(`no such entity: ${canonical(representation)}`)
    }
    found = object
  }
  if (keys === 0 || found === undefined) throw violate(`no key that it resolves: ${canonical(representation)}`)
  const located: Located & { isEntity: true } = { ...found, provided: null, representation, isEntity: true }
  return located
}

function hasAll(value: unknown, set: SelectionSetNode): boolean {
  if (typeof value !== 'object' || value === null) return false
  return set.selections.every((each) => {
    if (each.kind !== Kind.FIELD || !Object.hasOwn(value, each.name.value)) return false
    const below = each.selectionSet
    return below === undefined || hasAll((value as Record<string, unknown>)[each.name.value], below)
  })
}
