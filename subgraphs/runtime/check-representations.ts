// What @apollo/subgraph answers with a failure of its own, and is the caller's: representations of types that are no entities here.
import { isObjectType, isUnionType, type GraphQLObjectType, type GraphQLSchema } from 'graphql'
import { argumentError } from './argument-error.ts'

/** Looked up by graphql-js; the compiled way (execute/compile-entities.ts) has the same check. */
export function checkRepresentations(schema: GraphQLSchema): void {
  const field = schema.getQueryType()?.getFields()['_entities']
  const resolve = field?.resolve
  if (field === undefined || resolve === undefined) return
  field.resolve = (
    parent,
    args: { readonly representations: readonly Readonly<Record<string, unknown>>[] },
    ...rest
  ) => {
    for (const { __typename: name } of args.representations) entityType(schema, name)
    return resolve(parent, args, ...rest)
  }
}

/** Throws ARGUMENT_INVALID. */
export function entityType(schema: GraphQLSchema, name: unknown): GraphQLObjectType {
  const type = typeof name === 'string' ? schema.getType(name) : undefined
  const entities = schema.getType('_Entity')
  if (isObjectType(type) && isUnionType(entities) && schema.isSubType(entities, type)) return type
  throw argumentError(`A representation is of the type ${JSON.stringify(name)}, which is no entity of this subgraph.`)
}
