// What goes between the gateway and its planning thread.
import type { GraphQLFormattedError } from 'graphql'
import type { FailureCode } from '../../platform/errors.ts'
import type { Plan } from './plan.ts'

export interface Planned {
  readonly plan: Plan
  /** What the plan depends on besides its operation: labels of progressive @override that the planner asked for. */
  readonly labelsAsked: readonly string[]
}

export interface ValidateJob {
  readonly kind: 'validate'
  readonly query: string
}

export interface PlanJob {
  readonly kind: 'plan'
  /** Valid. */
  readonly query: string
  readonly operationName: string | null
  /** Of the variables that @skip and @include name. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly activeLabels: readonly string[]
}

export type Job = ValidateJob | PlanJob

/** Empty where the document is valid. */
export type ValidationErrors = readonly GraphQLFormattedError[]

/** JSON of Planned. */
export type PlannedText = string

export type JobResult<Kind extends Job> = Kind extends PlanJob ? PlannedText : ValidationErrors

export interface JobMessage {
  readonly id: number
  readonly job: Job
}

export type AnswerMessage =
  | { readonly id: number; readonly result: PlannedText | ValidationErrors }
  | { readonly id: number; readonly failure: { readonly code: FailureCode; readonly message: string } }
