// What a plan's literal reading makes of damaged answers: its data, and the places that it could not give a value.
import { GraphQLError, parse } from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { compileIntrospection, selectOperation } from '../../../gateway/plan/operation.ts'
import type { Plan } from '../../../gateway/plan/plan.ts'
import { planOperation } from '../../../gateway/plan/query-planner/plan-operation.ts'
import type { Supergraph } from '../../../gateway/supergraph/supergraph.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import type { SubgraphEndpoint } from '../../../platform/ports/subgraph-endpoint.ts'
import { isLabelActive } from '../fuzz/mesh-model.ts'
import type { FuzzOperation } from '../fuzz/operation-maker.ts'
import { executeNaively, type DataObject, type NaiveAnswer } from '../naive-executor.ts'

export interface PlannedOperation {
  readonly plan: Plan
  readonly variables: DataObject
  readonly introspection: DataObject
}

export function planFor({ publicSchema, ...rest }: Supergraph, { query, variables }: FuzzOperation): PlannedOperation {
  const selected = selectOperation(parse(query), undefined)
  if (selected instanceof GraphQLError) throw selected
  const { coerced: values, errors } = getVariableValues(
    publicSchema,
    selected.operation.variableDefinitions ?? [],
    variables,
  )
  if (values === undefined) throw new Error(errors.join('\n'))
  return {
    plan: planOperation({ publicSchema, ...rest }, { document: selected.document, variables: values, isLabelActive }),
    variables: values,
    introspection: compileIntrospection(publicSchema, selected)?.(values) ?? {},
  }
}

interface LiteralAnswer {
  readonly data: string
  /** Places without a value. */
  readonly failures: readonly { readonly path: readonly (string | number)[] }[]
}

/** Null where an answer is nested too deep for it. */
export async function answerNaively(
  { publicSchema }: Supergraph,
  { plan, variables, introspection }: PlannedOperation,
  endpoints: readonly SubgraphEndpoint[],
): Promise<LiteralAnswer | null> {
  const answered = executeNaively(plan, {
    publicSchema,
    variables,
    introspection,
    ask: async (service, query, given) => {
      const endpoint = endpoints.find(({ name }) => name === service)
      try {
        const answer = (await endpoint?.execute({ query, variables: given, principal: ANONYMOUS })) as unknown
        return readAnswer(answer)
      } catch {
        return { errors: [{ message: 'failed' }] }
      }
    },
  })
  try {
    const { data, errors = [] } = await answered
    return { data: JSON.stringify(data), failures: errors }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function readAnswer(answer: unknown): NaiveAnswer {
  if (typeof answer !== 'object' || answer === null) return { errors: [{ message: 'no answer' }] }
  const { data, errors } = answer as { data?: unknown; errors?: unknown }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return { errors: [{ message: 'no data' }] }
  const reported: unknown[] = Array.isArray(errors) ? errors : []
  return {
    data: data as DataObject,
    errors: reported.map((each) => {
      const path: unknown = (each as { path?: unknown } | null)?.path
      return { message: 'reported', ...(Array.isArray(path) ? { path: path as (string | number)[] } : {}) }
    }),
  }
}
