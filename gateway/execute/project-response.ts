// Compiles a plan's response into closures that make it of the sources: exactly the fields asked for, in order, checked against the public
// schema, with null propagation as the spec has it (6.4.4). Every value is new; the sources are not changed.
import {
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  parseType,
  typeFromAST,
  type GraphQLFormattedError,
  type GraphQLNullableType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Plan, Position, ResponseField, ResponseObject } from '../plan/plan.ts'
import { compileLeaf, INVALID_LEAF } from './complete-leaf.ts'
import { createErrorCover, type ErrorCover } from './error-cover.ts'
import type { Gathering } from './gathering.ts'
import { linkKey } from './link-key.ts'
import { isObject, reader, writeKey, type DataObject } from './plain-object.ts'
import { pathToArray, type ResponsePath } from './response-path.ts'
import type { Path } from './response-places.ts'
import { typenameOf, type SourceValues } from './source-values.ts'
import { positionAt } from './walk-route.ts'

export interface ProjectionContext {
  readonly plan: Plan
  readonly schema: GraphQLSchema
}

interface Projection {
  readonly gathering: Gathering
  readonly errors: GraphQLFormattedError[]
  readonly cover: ErrorCover
  /** Answers to `__schema` and `__type`, by response key. */
  readonly introspection: DataObject
}

/** Null or NULLED where there is no value: NULLED where an error below has taken it. */
type Complete<Value> = (value: Value, path: ResponsePath | null, projection: Projection) => unknown

const NULLED = Symbol('nulled by an error')

/** Stands for what a source has where its shape is not the response's: a value of it is not just missing. */
const MISSHAPEN = Symbol('of another shape')

const NO_OBJECT = 'A subgraph answered this field with a value that is no object.'

export interface ProjectionInput {
  /** Errors of the subgraphs at the client's paths; those of the projection are added, except where one explains them. */
  readonly errors: GraphQLFormattedError[]
  readonly coveredPaths: readonly Path[]
  readonly introspection: DataObject
}

/** Null where a non-null root field has no value. */
export type ProjectResponse = (gathering: Gathering, input: ProjectionInput) => DataObject | null

export function compileProjector(context: ProjectionContext): ProjectResponse {
  const { plan } = context
  const root = positionAt(plan, plan.response.position)
  const links = compileLinks(root)
  const project = compileObject(plan.response, null, context)
  return (gathering, { errors, coveredPaths, introspection }) => {
    const values: unknown[] = []
    links(values, gathering)
    const cover = createErrorCover(errors, coveredPaths)
    const completed = project(values, null, { gathering, errors, cover, introspection })
    return isObject(completed) ? completed : null
  }
}

/** Completes a value by its type: lists of it, null where that is allowed. `base` completes what is neither null nor a list. */
function compileType<Value>(type: GraphQLOutputType, kind: ValueKind<Value>): Complete<Value> {
  if (isNonNullType(type)) {
    const complete = compileNullable(type.ofType, kind)
    return (value, path, projection) => {
      const completed = complete(value, path, projection)
      if (completed !== null && completed !== undefined) return completed
      if (completed === null) report(NO_VALUE, path, projection)
      return NULLED
    }
  }
  const complete = compileNullable(type, kind)
  return (value, path, projection) => {
    const completed = complete(value, path, projection)
    return completed === NULLED ? null : completed
  }
}

const NO_VALUE = 'The subgraphs have no value for this field, and its type allows no null.'

/** How a leaf's one value, or an object's values by source, are taken apart. */
interface ValueKind<Value> {
  /** What decides whether it is null, or a list. */
  readonly first: (value: Value) => unknown
  readonly item: (value: Value, index: number) => Value
  readonly base: Complete<Value>
}

function compileNullable<Value>(type: GraphQLNullableType, kind: ValueKind<Value>): Complete<Value> {
  const { first, item, base } = kind
  if (!isListType(type)) {
    return (value, path, projection) => {
      const found = first(value)
      return found === null || found === undefined ? null : base(value, path, projection)
    }
  }
  const complete = compileType(type.ofType as GraphQLOutputType, kind)
  return (value, path, projection) => {
    const list = first(value)
    if (list === null || list === undefined) return null
    if (!Array.isArray(list)) {
      report('A subgraph answered this field with a value that is no list.', path, projection)
      return NULLED
    }
    const items: unknown[] = []
    for (let index = 0; index < list.length; index++) {
      const completed = complete(item(value, index), { parent: path, key: index }, projection)
      if (completed === NULLED) return NULLED
      items.push(completed)
    }
    return items
  }
}

type ProjectField = (
  values: SourceValues,
  path: ResponsePath | null,
  projection: Projection,
  typename: string,
) => unknown

interface FieldProjector {
  readonly key: string
  readonly project: ProjectField
}

/** `declared`: the field's type as clients know it, whose possible types the object must be of; null for the root. */
function compileObject(
  node: ResponseObject,
  declared: GraphQLOutputType | null,
  context: ProjectionContext,
): Complete<SourceValues> {
  const position = positionAt(context.plan, node.position)
  const fieldsOf = compileFieldsByType(node, declared, context)
  return (values, path, projection) => {
    // The root's first subgraph may be the one that failed.
    if (declared !== null && !isObject(values[0])) {
      report(NO_OBJECT, path, projection)
      return NULLED
    }
    const typename = typenameOf(position, values)
    const fields = typename === undefined ? null : fieldsOf(typename)
    if (fields === null || typename === undefined) {
      report(`The type of this field's value is not one that clients may see there.`, path, projection)
      return NULLED
    }
    const result: DataObject = {}
    for (const { key, project } of fields) {
      const completed = project(values, { parent: path, key }, projection, typename)
      if (completed === NULLED) return NULLED
      if (key === '__proto__') writeKey(result, key, completed)
      else result[key] = completed
    }
    return result
  }
}

/** Fields of the types that occur; null for a type that the field cannot have. */
function compileFieldsByType(
  node: ResponseObject,
  declared: GraphQLOutputType | null,
  context: ProjectionContext,
): (typename: string) => readonly FieldProjector[] | null {
  const { typename: told } = positionAt(context.plan, node.position)
  // A constant may be the abstract type's name where nothing depends on the concrete one.
  const possible =
    declared === null
      ? null
      : 'source' in told
        ? possibleTypes(declared, context.schema)
        : new Set(context.schema.getType(told.constant) === undefined ? [] : [told.constant])
  const compiled = new Map<ResponseField, FieldProjector>()
  const byType = new Map<string, readonly FieldProjector[]>()
  const projectorOf = (field: ResponseField): FieldProjector => {
    const known = compiled.get(field) ?? { key: field.responseKey, project: compileField(field, context) }
    compiled.set(field, known)
    return known
  }
  return (typename) => {
    const known = byType.get(typename)
    if (known !== undefined) return known
    // Names that are no type of the schema are not kept: a subgraph could send any number of them.
    if (possible !== null && !possible.has(typename)) return null
    const fields = node.fields
      .filter((field) => field.kind === 'introspection' || field.types === null || field.types.includes(typename))
      .map(projectorOf)
    byType.set(typename, fields)
    return fields
  }
}

/** Names of the object types that a field's objects may have. */
export function possibleTypes(declared: GraphQLOutputType, schema: GraphQLSchema): ReadonlySet<string> {
  let named = declared
  while (isNonNullType(named) || isListType(named)) named = named.ofType as GraphQLOutputType
  if (isAbstractType(named)) return new Set(schema.getPossibleTypes(named).map(({ name }) => name))
  return new Set(isLeafType(named) ? [] : [named.name])
}

const typesRead = new WeakMap<GraphQLSchema, Map<string, GraphQLOutputType>>()

export function readType(printed: string, schema: GraphQLSchema): GraphQLOutputType {
  const read = typesRead.get(schema) ?? new Map<string, GraphQLOutputType>()
  typesRead.set(schema, read)
  const known = read.get(printed)
  if (known !== undefined) return known
  const type = typeFromAST(schema, parseType(printed, { noLocation: true }) as never) as GraphQLOutputType | undefined
  invariant(type, `the public schema has the plan's type ${printed}`)
  read.set(printed, type)
  return type
}

function compileField(field: ResponseField, context: ProjectionContext): ProjectField {
  switch (field.kind) {
    case 'typename':
      return (_values, _path, _projection, typename) => typename
    case 'denied': {
      // Its error is known from the plan.
      const nothing = field.type.endsWith('!') ? NULLED : null
      return () => nothing
    }
    case 'introspection': {
      const read = reader(field.responseKey)
      return (_values, _path, { introspection }) => read(introspection) ?? null
    }
    case 'leaf': {
      const read = reader(field.key)
      const { source } = field
      const type = readType(field.type, context.schema)
      const complete = compileLeafType(type)
      return (values, path, projection) => {
        const value = readFrom(values[source], read)
        if (value !== MISSHAPEN) return complete(value, path, projection)
        report(NO_OBJECT, path, projection)
        return isNonNullType(type) ? NULLED : null
      }
    }
    case 'object': {
      const position = positionAt(context.plan, field.child.position)
      const read = compileFieldValues(position)
      const declared = readType(field.type, context.schema)
      const links = compileLinks(position)
      let project: Complete<SourceValues> | null = null
      const complete = compileType<unknown[]>(declared, {
        first: (values) => values[0],
        item: (values, index) =>
          values.map((list) => (Array.isArray(list) ? (list[index] as unknown) : isMissing(list) ? list : MISSHAPEN)),
        base: (values, path, projection) => {
          links(values, projection.gathering)
          // Where no object occurs nothing below has to be compiled.
          project ??= compileObject(field.child, declared, context)
          return project(values, path, projection)
        },
      })
      return (values, path, projection) => complete(read(values), path, projection)
    }
  }
}

function compileFieldValues(position: Position): (parent: SourceValues) => unknown[] {
  const reads = position.sources.map((source) =>
    source.kind === 'field' ? { of: source.of, read: reader(source.key) } : null,
  )
  return (parent) => reads.map((each) => (each === null ? undefined : readFrom(parent[each.of], each.read)))
}

function readFrom(object: unknown, read: (object: DataObject) => unknown): unknown {
  if (isObject(object)) return read(object)
  return isMissing(object) ? undefined : MISSHAPEN
}

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** Fills in the entities that were linked and the data of root fetches. */
function compileLinks(position: Position): (values: unknown[], gathering: Gathering) => void {
  const steps = position.sources.map((source, index): ((values: unknown[], gathering: Gathering) => void) => {
    if (source.kind === 'field') return () => undefined
    if (source.kind === 'root') return (values, { roots }) => (values[index] = roots[source.fetch])
    const key = linkKey(source.link)
    return (values) => {
      values[index] = readFrom(values[source.of], (object) => (object as Record<symbol, unknown>)[key])
    }
  })
  return (values, gathering) => {
    for (const step of steps) step(values, gathering)
  }
}

function compileLeafType(type: GraphQLOutputType): Complete<unknown> {
  let named: unknown = type
  while (isNonNullType(named) || isListType(named)) named = named.ofType
  invariant(isLeafType(named), 'a leaf of the response has a leaf type')
  const leaf = compileLeaf(named)
  const { name } = named
  return compileType<unknown>(type, {
    first: (value) => value,
    item: (value, index) => (value as unknown[])[index],
    base: (value, path, projection) => {
      const completed = leaf(value)
      if (completed !== INVALID_LEAF) return completed
      report(`A subgraph answered this field with a value that is no ${name}.`, path, projection)
      return NULLED
    },
  })
}

function report(message: string, at: ResponsePath | null, { errors, cover }: Projection): void {
  const path = pathToArray(at)
  if (cover.covers(path) || errors.length >= limits.responseErrorsMax) return
  errors.push({ message, path, extensions: { code: 'RESPONSE_INVALID' } })
}
