// What decoding one record collects: every violation and warning, with the field's path, up to a bound.
import type { Check } from '../model.ts'
import type { RecordCode } from '../record-codes.ts'
import type { Violation } from '../record.ts'
import { schemaLimits } from '../schema-limits.ts'
import type { NumberWatch } from './record-scalars.ts'

type Collected = { -readonly [member in keyof Violation]: Violation[member] }

export interface DecodeState extends NumberWatch {
  readonly violations: Collected[]
  readonly warnings: Collected[]
}

export const createState = (): DecodeState => ({ sawNumber: false, violations: [], warnings: [] })

export interface StateKeeper {
  take(): DecodeState
  /** A state in which something was collected is not given out again: what was collected is the caller's. */
  giveBack(state: DecodeState): void
}

/** Most records are right and leave their state as it was: one serves them all. */
export function keepState(): StateKeeper {
  let kept: DecodeState | null = null
  return {
    take() {
      const state = kept ?? createState()
      kept = null
      return state
    },
    giveBack(state) {
      if (state.violations.length > 0 || state.warnings.length > 0) return
      state.sawNumber = false
      kept = state
    },
  }
}

export const isFull = (state: DecodeState): boolean =>
  state.violations.length >= schemaLimits.recordViolationsMax ||
  state.warnings.length >= schemaLimits.recordViolationsMax

export function violate(state: DecodeState, code: RecordCode, field: string | null, message: string): void {
  if (state.violations.length < schemaLimits.recordViolationsMax)
    state.violations.push({ code, field, checkId: null, message })
}

export function failCheck(state: DecodeState, check: Check, field: string | null, message: string): void {
  const collected = check.onFail === 'WARN' ? state.warnings : state.violations
  if (collected.length < schemaLimits.recordViolationsMax)
    collected.push({ code: 'RECORD_CHECK_FAILED', field, checkId: check.id, message })
}

/** Puts a member's name before the paths of what was collected since the counts given. */
export function prefix(
  state: DecodeState,
  violationsBefore: number,
  warningsBefore: number,
  name: string | number,
): void {
  prefixFrom(state.violations, violationsBefore, name)
  prefixFrom(state.warnings, warningsBefore, name)
}

function prefixFrom(collected: Collected[], from: number, name: string | number): void {
  for (let at = from; at < collected.length; at++) {
    const violation = collected[at]
    if (violation !== undefined)
      violation.field = violation.field === null ? String(name) : `${name}.${violation.field}`
  }
}
