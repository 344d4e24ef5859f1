// What goes between the gateway and its planning thread.
import type { FailureCode } from '../../platform/errors.ts'
import type { Plan } from './plan.ts'

export interface PlanningJob {
  readonly id: number
  readonly query: string
  readonly operationName: string | null
  /** Of the variables that @skip and @include name. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly activeLabels: readonly string[]
}

export type PlanningAnswer =
  | { readonly id: number; readonly plan: Plan; readonly labelsAsked: readonly string[] }
  | { readonly id: number; readonly failure: { readonly code: FailureCode; readonly message: string } }
