// Plans one operation and notes which labels the planner asked for: what a plan depends on besides its operation.
import type { DocumentNode } from 'graphql'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { IsLabelActive } from './override-labels.ts'
import type { Planned } from './planning-messages.ts'
import { planOperation } from './query-planner/plan-operation.ts'
import { refuseHuge } from './query-planner/print-selection.ts'

export interface OperationToPlan {
  readonly document: DocumentNode
  readonly operationName: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  readonly isLabelActive: IsLabelActive
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
  return { plan, labelsAsked: [...labelsAsked] }
}
