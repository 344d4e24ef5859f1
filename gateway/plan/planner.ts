// Validates and plans operations for an engine: small ones at once, large ones in the planning thread.
import type { DocumentNode } from 'graphql'
import { limits } from '../../platform/limits.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { planRequest, type OperationToPlan } from './plan-request.ts'
import type { DocumentRules } from './operation-limits.ts'
import type { Planned, ReadAnswer, ValidationErrors } from './planning-messages.ts'
import { PlanningThread } from './planning-thread.ts'
import type { OperationText } from './read-operation.ts'
import { validateDocument } from './validate-document.ts'
import type { DocumentPermissions } from './written-limits.ts'

export interface Sized {
  /** With its fragments written out: countExpandedSelections. */
  readonly selections: number
  /** Aborts when nobody waits for it any more. */
  readonly signal: AbortSignal
}

export interface TextToPlan extends Omit<OperationToPlan, 'document'> {
  readonly query: string
  readonly document: () => DocumentNode
}

/** All reject with PLANNING_OVERLOADED where too many large ones wait. */
export interface Planner {
  /** `query` is what the document was parsed from. */
  validate(document: DocumentNode, query: string, sized: Sized): Promise<ValidationErrors>
  /** A document that is too large to be parsed here. */
  read(text: OperationText, limits: DocumentRules, signal: AbortSignal): Promise<ReadAnswer>
  /** Rejects with PLAN_FAILED. */
  plan(operation: TextToPlan, sized: Sized): Promise<Planned>
}

export interface ClosablePlanner extends Planner {
  close(): Promise<void>
}

export function createPlanner(
  supergraph: Supergraph,
  supergraphSdl: string,
  { introspection }: DocumentPermissions = { introspection: true },
): ClosablePlanner {
  const permissions = { introspection }
  const thread = new PlanningThread(supergraphSdl)
  const isSmall = ({ selections }: Sized): boolean => selections <= limits.planInThreadSelectionsMax
  return {
    validate: async (document, query, sized) =>
      isSmall(sized)
        ? validateDocument(document, supergraph.publicSchema, permissions).map((error) => error.toJSON())
        : thread.work({ kind: 'validate', query, permissions }, sized.signal),
    read: (text, documentLimits, signal) => thread.work({ kind: 'read', ...text, limits: documentLimits }, signal),
    plan: async ({ document, query, ...operation }, sized) => {
      if (isSmall(sized)) return planRequest(supergraph, { ...operation, document: document() })
      const { operationName = null, variables, isLabelActive, listSize } = operation
      const activeLabels = [...supergraph.overrideLabels, ...supergraph.access.requirements.keys()].filter(
        isLabelActive,
      )
      const job = { kind: 'plan', query, operationName, variables, activeLabels, listSize } as const
      // A plan can have ten thousand small objects: as text it takes the thread of the requests a third less to receive.
      return JSON.parse(await thread.work(job, sized.signal)) as Planned
    },
    close: () => thread.close(),
  }
}
