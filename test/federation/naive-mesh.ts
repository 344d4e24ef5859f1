// A mesh whose operations are planned by our planner and executed naively.
import {
  executeSync,
  getOperationAST,
  Kind,
  parse,
  validate,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type SelectionNode,
} from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import { planOperation } from '../../gateway/plan/query-planner/plan-operation.ts'
import type { Plan } from '../../gateway/plan/plan.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from './merged-mesh.ts'
import { executeNaively, type NaiveResult } from './naive-executor.ts'

export interface NaiveMesh {
  plan(query: string, variables?: Readonly<Record<string, unknown>>): Plan
  execute(query: string, variables?: Readonly<Record<string, unknown>>): Promise<NaiveResult>
}

export function createNaiveMesh(subgraphs: readonly TestSubgraph[]): NaiveMesh {
  const supergraph = readSupergraph(composeMesh(subgraphs))
  const endpoints = new Map(subgraphs.map((subgraph) => [subgraph.name, localEndpoint(subgraph)]))
  const coerce = (document: DocumentNode, variables: Readonly<Record<string, unknown>>) => {
    const definitions = getOperationAST(document)?.variableDefinitions ?? []
    const { coerced, errors } = getVariableValues(supergraph.publicSchema, definitions, variables)
    if (coerced === undefined) throw new Error(errors.join('\n'))
    return coerced
  }
  const plan = (document: DocumentNode, variables: Readonly<Record<string, unknown>>): Plan =>
    planOperation(supergraph, { document, variables: coerce(document, variables), isLabelActive: () => false })
  return {
    plan: (query, variables = {}) => {
      const document = parse(query)
      const problems = validate(supergraph.publicSchema, document)
      if (problems.length > 0) throw new Error(problems.join('\n'))
      return plan(document, variables)
    },
    execute: async (query, variables = {}) => {
      const document = parse(query)
      const result = await executeNaively(plan(document, variables), {
        publicSchema: supergraph.publicSchema,
        variables: coerce(document, variables),
        introspection: introspect(supergraph.publicSchema, document, variables),
        ask: async (service, text, values) => {
          const endpoint = endpoints.get(service)
          if (endpoint === undefined) throw new Error(`no subgraph ${service}`)
          return endpoint.execute({ query: text, variables: values, principal: ANONYMOUS })
        },
      })
      return result
    },
  }
}

/** Answers `__schema` and `__type` of the document, wherever they stand in it. */
function introspect(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const selections: SelectionNode[] = []
  visit(document, { Field: (node) => void (/^__(schema|type)$/.test(node.name.value) && selections.push(node)) })
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? { ...definition, operation: 'query' as never, selectionSet: { kind: Kind.SELECTION_SET, selections } as const }
      : definition,
  )
  if (selections.length === 0) return {}
  return { ...executeSync({ schema, document: { ...document, definitions }, variableValues }).data }
}
