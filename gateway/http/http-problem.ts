// A request that is no proper GraphQL request over HTTP: the status it is answered with, and what it did wrong.
import type { FailureCode } from '../../platform/errors.ts'

export interface HttpProblem {
  readonly status: number
  readonly message: string
  /** Default REQUEST_INVALID. */
  readonly code?: FailureCode
  /** Names and values in turn. */
  readonly headers?: readonly string[]
}

export function isProblem(value: object): value is HttpProblem {
  return 'status' in value
}
