// The resolvers of a product's subgraph, made from its model: nothing here knows a particular product.
import type { buildSubgraphSchema } from '@apollo/subgraph'
import { Kind, type DocumentNode, type GraphQLFieldResolver } from 'graphql'
import type { QueryOperation, LookupOperation, SubscriptionOperation } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { tableRow } from '../../schema/emit/table-rows.ts'
import { argumentError } from './argument-error.ts'
import { readConnection, type Connection } from './connection.ts'
import { referenceResolverOf } from './entity-reference.ts'
import { fieldResolver } from './field-resolvers.ts'
import { pageList, scanPage } from './operation-list.ts'
import type { RequestContext } from './request-context.ts'
import { rowScalars } from './row-scalars.ts'
import { cellOf, type ServedProduct } from './served-product.ts'
import { subscribeToChanges } from './subscribe-to-changes.ts'

type Arguments = Record<string, Value>
type GraphQLSchemaModule = Extract<
  Exclude<Parameters<typeof buildSubgraphSchema>[0], { readonly kind: unknown }>[number],
  { readonly typeDefs: unknown }
>
type RootResolver = GraphQLFieldResolver<unknown, RequestContext, Arguments>

function lookupResolver(served: ServedProduct, operation: LookupOperation): RootResolver {
  const table = served.table(operation.table)
  return async (_root, args, context) => {
    const key: Record<string, Value> = {}
    for (const { column, binding } of operation.bindings) {
      const name = binding.from === 'argument' ? binding.argument : binding.field
      const value = cellOf(args, name)
      if (value === null) throw argumentError(`"${name}" needs a value`)
      key[column] = value
    }
    // Buckets are computed from their field, unless the binding is the bucket's own.
    return context.reads.get(table, { ...tableRow(table.entity, table.table, key), ...key })
  }
}

function queryResolver(served: ServedProduct, operation: QueryOperation): RootResolver {
  switch (operation.kind) {
    case 'lookup':
      return lookupResolver(served, operation)
    case 'page':
      return async (_root, args) => readConnection(served, pageList(served, operation, args, {}), args)
    case 'scan':
      return async (_root, args) => readConnection(served, scanPage(served, operation), args)
  }
}

const subscriptionResolver = (served: ServedProduct, operation: SubscriptionOperation) => ({
  subscribe: (_root: unknown, args: Arguments, context: RequestContext) =>
    subscribeToChanges(served, operation, args, context.beginning),
  resolve: (event: { readonly row: Row | null }) => event.row,
})

/** Edges are their rows' own objects: the cursor is computed only where it is selected. */
interface Edge {
  readonly node: Row
  readonly connection: Connection
}

const connectionResolvers = {
  edges: (connection: Connection): readonly Edge[] => connection.rows.map((node) => ({ node, connection })),
  nodes: (connection: Connection) => connection.rows,
  pageInfo: (connection: Connection) => connection,
}

const edgeResolvers = {
  cursor: (edge: Edge) => edge.connection.cursorOf(edge.node),
  node: (edge: Edge) => edge.node,
}

/** The fields of every object type that the SDL defines, and its scalars. */
function definedFields(document: DocumentNode): ReadonlyMap<string, ReadonlySet<string>> {
  const defined = new Map<string, Set<string>>()
  for (const definition of document.definitions) {
    switch (definition.kind) {
      case Kind.SCALAR_TYPE_DEFINITION:
        defined.set(definition.name.value, new Set())
        break
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION: {
        const fields = defined.get(definition.name.value) ?? new Set()
        for (const field of definition.fields ?? []) fields.add(field.name.value)
        defined.set(definition.name.value, fields)
        break
      }
      default:
    }
  }
  return defined
}

type FieldMap = Readonly<Record<string, unknown>>

function objectResolvers(served: ServedProduct): Readonly<Record<string, FieldMap>> {
  const { product } = served
  const resolvers: Record<string, FieldMap> = {}
  for (const entity of product.entities) {
    resolvers[entity.name] = Object.fromEntries(
      entity.fields.map((field) => [field.name, fieldResolver(served, entity.name, field)]),
    )
    resolvers[`${entity.name}Connection`] = connectionResolvers
    resolvers[`${entity.name}Edge`] = edgeResolvers
  }
  for (const type of product.valueTypes) {
    resolvers[type.name] = Object.fromEntries(
      type.fields.map((field) => [field.name, fieldResolver(served, type.name, field)]),
    )
  }
  resolvers['Query'] = Object.fromEntries(
    product.queries.map((operation) => [operation.name, queryResolver(served, operation)]),
  )
  resolvers['Subscription'] = Object.fromEntries(
    product.subscriptions.map((operation) => [operation.name, subscriptionResolver(served, operation)]),
  )
  return resolvers
}

/** For what the SDL defines and nothing else: a stub, for one, has not all fields of its entity. */
export function buildResolvers(served: ServedProduct, document: DocumentNode): GraphQLSchemaModule['resolvers'] {
  const defined = definedFields(document)
  const resolvers: Record<string, unknown> = {}
  for (const [name, scalar] of Object.entries(rowScalars)) if (defined.has(name)) resolvers[name] = scalar
  for (const [type, fields] of Object.entries(objectResolvers(served))) {
    const inSdl = defined.get(type)
    if (inSdl === undefined) continue
    resolvers[type] = Object.fromEntries(Object.entries(fields).filter(([name]) => inSdl.has(name)))
  }
  for (const entity of served.product.entities) {
    if (!defined.has(entity.name)) continue
    const fields = resolvers[entity.name] as FieldMap
    resolvers[entity.name] = { ...fields, __resolveReference: referenceResolverOf(served, entity) }
  }
  // The library's type of a resolver map knows neither our row types nor __resolveReference.
  return resolvers as GraphQLSchemaModule['resolvers']
}
