// Plans one operation and notes which labels the planner asked for: what a plan depends on besides its operation.
import type { DocumentNode } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { IsLabelActive } from './override-labels.ts'
import type { Plan } from './plan.ts'
import type { Planned } from './planning-messages.ts'
import { planOperation } from './query-planner/plan-operation.ts'

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
  refuseHuge(plan)
  return { plan, labelsAsked: [...labelsAsked] }
}

/** What is asked of subgraphs is written out per type, which multiplies where fragments on interfaces are nested. */
function refuseHuge({ fetches }: Plan): void {
  const characters = fetches.reduce((sum, { query }) => sum + query.length, 0)
  if (characters <= limits.plannedCharactersMax) return
  const message = `The operation becomes requests of ${characters} characters to the subgraphs, where ${limits.plannedCharactersMax} are allowed: its fragments on interfaces and unions are written out for each type. Nest fewer of them, or ask for the types themselves.`
  throw new MeshgateError('PLAN_FAILED', message)
}
