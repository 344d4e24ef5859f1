// Plans one operation and notes which labels the planner asked for: what a plan depends on besides its operation.
import type { DocumentNode } from 'graphql'
import { invariant } from '../../platform/errors.ts'
import { compileCost } from '../cost/compile-cost.ts'
import type { OperationCost } from '../cost/operation-cost.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { selectOperation } from './operation.ts'
import type { IsLabelActive } from './override-labels.ts'
import type { Planned } from './planning-messages.ts'
import { planOperation } from './query-planner/plan-operation.ts'
import { refuseHuge } from './query-planner/print-selection.ts'

export interface OperationToPlan {
  readonly document: DocumentNode
  readonly operationName: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  readonly isLabelActive: IsLabelActive
  /** What its cost assumes of lists that the schema says nothing of. */
  readonly listSize: number
}

/** Throws PLAN_FAILED. */
export function planRequest(supergraph: Supergraph, operation: OperationToPlan): Planned {
  const labelsAsked = new Set<string>()
  const { document, operationName, variables } = operation
  const plan = planOperation(supergraph, {
    document,
    ...(operationName === undefined ? {} : { operationName }),
    variables,
    isLabelActive: (label) => {
      labelsAsked.add(label)
      return operation.isLabelActive(label)
    },
  })
  refuseHuge(plan.fetches.reduce((sum, { query }) => sum + query.length, 0))
  return { plan, labelsAsked: [...labelsAsked], cost: costOf(supergraph, operation) }
}

function costOf(
  supergraph: Supergraph,
  { document, operationName, variables, listSize }: OperationToPlan,
): OperationCost {
  const selected = selectOperation(document, operationName)
  invariant('operation' in selected, 'what is planned is in its document')
  return compileCost({ schema: supergraph.publicSchema, rules: supergraph.costs, listSize }, selected, variables)
}
