// What the modes call hostile: operations as dear to validate and plan as the limits of ours allow, each a new one.
import { crowdedOperation, wideOperation } from '../mesh/operations.ts'

/** 370 ms of the planner that we had before. */
const FRAGMENTS = 900
const ROOTS = 100

export function hostileOperation(number: number): string {
  return number % 2 === 0 ? crowdedOperation(number, FRAGMENTS) : wideOperation(number, ROOTS)
}
