// What clients may see of a supergraph: without federation's own types and directives, and without what is @inaccessible.
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import { Kind, type DocumentNode, type SchemaDefinitionNode } from 'graphql'
import { schemaNodes } from './linked-features.ts'

const DEFAULT_ROOTS: Readonly<Record<string, string>> = {
  query: 'Query',
  mutation: 'Mutation',
  subscription: 'Subscription',
}

export function publicDocument(supergraph: DocumentNode): DocumentNode {
  const { kind, definitions } = transformSupergraphToPublicSchema(supergraph)
  // The library takes the schema definition out; it is needed again where it says something.
  const schema = schemaNodes(supergraph).find((node) => node.kind === Kind.SCHEMA_DEFINITION)
  if (schema === undefined || saysNothing(schema)) return { kind, definitions }
  const names = new Set(
    definitions.flatMap((each) => ('name' in each && each.name !== undefined ? [each.name.value] : [])),
  )
  const operationTypes = schema.operationTypes.filter(({ type }) => names.has(type.name.value))
  return { kind, definitions: [{ ...schema, directives: [], operationTypes }, ...definitions] }
}

function saysNothing({ description, operationTypes }: SchemaDefinitionNode): boolean {
  return (
    description === undefined &&
    operationTypes.every(({ operation, type }) => DEFAULT_ROOTS[operation] === type.name.value)
  )
}
