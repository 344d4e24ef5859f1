// Compiles a validated operation into a closure that makes the client's response of the data gathered: exactly the fields asked for, in
// order, checked against the public schema, with null propagation as the spec has it (6.4.4). Every value is new; the data is not changed.
import {
  GraphQLError,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLFormattedError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { internalKey } from '../plan/internal-key.ts'
import { collectFields, type CollectContext } from './collect-fields.ts'
import { compileLeaf, INVALID_LEAF } from './complete-leaf.ts'
import { createErrorCover, type ErrorCover } from './error-cover.ts'
import { isObject, reader, writeKey, type DataObject } from './plain-object.ts'
import { pathToArray, type ResponsePath } from './response-path.ts'
import { addError } from './subgraph-errors.ts'

interface Projection {
  readonly errors: GraphQLFormattedError[]
  readonly cover: ErrorCover
}

/** Null or NULLED where there is no value: NULLED where an error below has taken it. */
type Complete = (value: unknown, path: ResponsePath | null, projection: Projection) => unknown

interface FieldProjector {
  readonly key: string
  readonly project: (object: DataObject, path: ResponsePath | null, projection: Projection) => unknown
}

const NULLED = Symbol('nulled by an error')

/** Adds to `errors`, except where a missing value is covered by one; null where a non-null root field has no value. */
export type ProjectResponse = (
  data: DataObject,
  errors: GraphQLFormattedError[],
  coveredPaths: readonly (readonly (string | number)[])[],
) => DataObject | null

export function compileProjector(
  operation: OperationDefinitionNode,
  rootType: GraphQLObjectType,
  context: CollectContext,
): ProjectResponse {
  const root = compileObject([operation.selectionSet], rootType, context)
  return (data, errors, coveredPaths) => {
    const completed = root(data, null, { errors, cover: createErrorCover(errors, coveredPaths) })
    return isObject(completed) ? completed : null
  }
}

function compileType(type: GraphQLOutputType, nodes: Nodes, context: CollectContext): Complete {
  if (isNonNullType(type)) {
    const complete = compileNullable(type.ofType, nodes, context)
    return (value, path, projection) => {
      const completed = complete(value, path, projection)
      if (completed === NULLED) return NULLED
      if (completed !== null && completed !== undefined) return completed
      report('The subgraphs have no value for this field, and its type allows no null.', { path, nodes, projection })
      return NULLED
    }
  }
  const complete = compileNullable(type, nodes, context)
  return (value, path, projection) => {
    const completed = complete(value, path, projection)
    return completed === NULLED || completed === undefined ? null : completed
  }
}

function compileNullable(type: GraphQLOutputType, nodes: Nodes, context: CollectContext): Complete {
  if (isListType(type)) return compileList(compileType(type.ofType, nodes, context), nodes)
  if (isLeafType(type)) {
    const leaf = compileLeaf(type)
    return (value, path, projection) => {
      if (value === null || value === undefined) return null
      const completed = leaf(value)
      if (completed !== INVALID_LEAF) return completed
      report(`A subgraph answered this field with a value that is no ${type.name}.`, { path, nodes, projection })
      return NULLED
    }
  }
  const selected = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  if (isObjectType(type)) return compileObject(selected, type, context)
  if (isNonNullType(type)) return compileType(type, nodes, context)
  return compileAbstract(type, selected, nodes, context)
}

function compileList(item: Complete, nodes: Nodes): Complete {
  return (value, path, projection) => {
    if (value === null || value === undefined) return null
    if (!Array.isArray(value)) {
      report('A subgraph answered this field with a value that is no list.', { path, nodes, projection })
      return NULLED
    }
    const items: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      const completed = item(value[index], { parent: path, key: index }, projection)
      if (completed === NULLED) return NULLED
      items.push(completed)
    }
    return items
  }
}

/** Projectors of the types that occur, compiled when the first object of one is met. */
function compileAbstract(
  abstract: GraphQLAbstractType,
  selected: readonly SelectionSetNode[],
  nodes: Nodes,
  context: CollectContext,
): Complete {
  const byType = new Map<string, Complete | null>()
  return (value, path, projection) => {
    if (value === null || value === undefined) return null
    const typename = isObject(value) ? value['__typename'] : undefined
    if (typeof typename === 'string') {
      let complete = byType.get(typename)
      if (complete === undefined) {
        const type = context.schema.getType(typename)
        const isPossible = isObjectType(type) && context.schema.isSubType(abstract, type)
        complete = isPossible ? compileObject(selected, type, context) : null
        // Names that are no type of the schema are not kept: a subgraph could send any number of them.
        if (complete !== null) byType.set(typename, complete)
      }
      if (complete !== null) return complete(value, path, projection)
    }
    report(`The type of this field's value is not a ${abstract.name} that clients may see.`, {
      path,
      nodes,
      projection,
    })
    return NULLED
  }
}

function compileObject(
  selected: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  context: CollectContext,
): Complete {
  // Compiled on first use: most fragments on other types never meet an object.
  let fields: readonly FieldProjector[] | null = null
  return (value, path, projection) => {
    if (value === null || value === undefined) return null
    if (!isObject(value)) {
      report('A subgraph answered this field with a value that is no object.', { path, nodes: [], projection })
      return NULLED
    }
    fields ??= compileFields(selected, type, context)
    const result: DataObject = {}
    for (const field of fields) {
      const completed = field.project(value, { parent: path, key: field.key }, projection)
      if (completed === NULLED) return NULLED
      if (field.key === '__proto__') writeKey(result, field.key, completed)
      else result[field.key] = completed
    }
    return result
  }
}

function compileFields(
  selected: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  context: CollectContext,
): readonly FieldProjector[] {
  const projectors: FieldProjector[] = []
  for (const [key, nodes] of collectFields(selected, type, context)) {
    const [first] = nodes
    if (first === undefined) continue
    const name = first.name.value
    if (name === '__typename') {
      projectors.push({ key, project: () => type.name })
    } else if (name === '__schema' || name === '__type') {
      // Already complete: graphql-js answered it from the public schema.
      const read = reader(key)
      projectors.push({ key, project: (object) => read(object) ?? null })
    } else {
      const definition = type.getFields()[name]
      if (definition === undefined) continue
      const read = reader(internalKey(name, first.alias?.value))
      const complete = compileType(definition.type, nodes, context)
      projectors.push({
        key,
        project: (object, path, projection) => complete(read(object), path, projection),
      })
    }
  }
  return projectors
}

type Nodes = readonly FieldNode[]

function report(message: string, at: { path: ResponsePath | null; nodes: Nodes; projection: Projection }): void {
  const path = pathToArray(at.path)
  if (at.projection.cover.covers(path)) return
  const error = new GraphQLError(message, { nodes: at.nodes, path, extensions: { code: 'RESPONSE_INVALID' } })
  addError(at.projection, error.toJSON())
}
