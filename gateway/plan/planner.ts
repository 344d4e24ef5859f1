// Validates and plans operations for an engine: small ones at once, large ones in the planning thread.
import { print, type DocumentNode } from 'graphql'
import { limits } from '../../platform/limits.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { planRequest, type OperationToPlan } from './plan-request.ts'
import type { Planned, ValidationErrors } from './planning-messages.ts'
import { PlanningThread } from './planning-thread.ts'
import { validateDocument } from './validate-document.ts'

export interface Sized {
  /** With its fragments written out: countExpandedSelections. */
  readonly selections: number
  /** Aborts when nobody waits for it any more. */
  readonly signal: AbortSignal
}

/** Both reject with PLANNING_OVERLOADED where too many large ones wait. */
export interface Planner {
  /** `query` is what the document was parsed from. */
  validate(document: DocumentNode, query: string, sized: Sized): Promise<ValidationErrors>
  /** Rejects with PLAN_FAILED. */
  plan(operation: OperationToPlan, sized: Sized): Promise<Planned>
}

export interface ClosablePlanner extends Planner {
  close(): Promise<void>
}

export function createPlanner(supergraph: Supergraph, supergraphSdl: string): ClosablePlanner {
  const thread = new PlanningThread(supergraphSdl)
  const isSmall = ({ selections }: Sized): boolean => selections <= limits.planInThreadSelectionsMax
  return {
    validate: async (document, query, sized) =>
      isSmall(sized)
        ? validateDocument(document, supergraph.publicSchema).map((error) => error.toJSON())
        : thread.work({ kind: 'validate', query }, sized.signal),
    plan: async (operation, sized) => {
      if (isSmall(sized)) return planRequest(supergraph, operation)
      const { document, operationName = null, variables, isLabelActive } = operation
      const activeLabels = supergraph.overrideLabels.filter(isLabelActive)
      // The text it was parsed from, which the thread may have parsed to validate it.
      const query = document.loc?.source.body ?? print(document)
      const job = { kind: 'plan', query, operationName, variables, activeLabels } as const
      // A plan can have ten thousand small objects: as text it takes the thread of the requests a third less to receive.
      return JSON.parse(await thread.work(job, sized.signal)) as Planned
    },
    close: () => thread.close(),
  }
}
