// What goes between the gateway and its planning thread.
import type { GraphQLFormattedError } from 'graphql'
import type { FailureCode } from '../../platform/errors.ts'
import type { OperationCost } from '../cost/operation-cost.ts'
import type { DocumentRules } from './operation-limits.ts'
import type { Plan } from './plan.ts'
import type { readOperation } from './read-operation.ts'
import type { DocumentPermissions } from './written-limits.ts'

export interface Planned {
  readonly plan: Plan
  /** What the plan depends on besides its operation: labels of progressive @override that the planner asked for. */
  readonly labelsAsked: readonly string[]
  readonly cost: OperationCost
}

export interface ValidateJob {
  readonly kind: 'validate'
  readonly query: string
  readonly permissions: DocumentPermissions
}

export interface ReadJob {
  readonly kind: 'read'
  readonly query: string
  readonly operationName: string | undefined
  readonly limits: DocumentRules
}

export type ReadAnswer = ReturnType<typeof readOperation>

export interface PlanJob {
  readonly kind: 'plan'
  /** Valid. */
  readonly query: string
  readonly operationName: string | null
  /** Of the variables that @skip and @include name. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly activeLabels: readonly string[]
  readonly listSize: number
}

export type Job = ValidateJob | ReadJob | PlanJob

/** Empty where the document is valid. */
export type ValidationErrors = readonly GraphQLFormattedError[]

/** JSON of Planned. */
export type PlannedText = string

export type JobResult<Kind extends Job> = Kind extends PlanJob
  ? PlannedText
  : Kind extends ReadJob
    ? ReadAnswer
    : ValidationErrors

export interface JobMessage {
  readonly id: number
  readonly job: Job
}

export type AnswerMessage =
  | { readonly id: number; readonly result: JobResult<Job> }
  | { readonly id: number; readonly failure: { readonly code: FailureCode; readonly message: string } }
