// MIN and MAX: [the extreme, how many have it]; FIRST and LAST: [event time, member, value]. Null where there is none.
// An extreme taken back leaves no trace of the next one: the state cannot tell.
import type { Value } from '../row.ts'
import { type AggregateState, type AggregateTypes, UNKNOWN } from './aggregate.ts'
import type { Contribution } from './fold-function.ts'
import { cellOrder } from './value-order.ts'

type ExtremeState = [extreme: Value, ties: number] | null
type EndState = [timeMs: number, member: string, value: Value] | null

export function extremeState(which: 'MIN' | 'MAX', { value: valueType }: AggregateTypes): AggregateState {
  const compare = cellOrder(valueType)
  const sign = which === 'MIN' ? 1 : -1
  return {
    init: () => null,
    apply(given, value) {
      const state = given as ExtremeState
      if (state === null) return [value, 1]
      const order = compare(value, state[0]) * sign
      if (order > 0) return state
      if (order < 0) state[0] = value
      state[1] = order < 0 ? 1 : state[1] + 1
      return state
    },
    retract(given, value) {
      const state = given as ExtremeState
      if (state === null) return UNKNOWN
      if (compare(value, state[0]) !== 0) return state
      if (state[1] === 1) return UNKNOWN
      state[1] -= 1
      return state
    },
    result: (state) => (state as ExtremeState)?.[0] ?? null,
  }
}

/** Of equal event times, the member decides. What has no event time is passed over. */
export function endState(which: 'FIRST' | 'LAST'): AggregateState {
  const sign = which === 'FIRST' ? 1 : -1
  const order = (timeMs: number, { member }: Contribution, state: NonNullable<EndState>): number =>
    (timeMs - state[0] || (member < state[1] ? -1 : member > state[1] ? 1 : 0)) * sign
  return {
    init: () => null,
    apply(given, value, contribution) {
      const state = given as EndState
      const { timeMs, member } = contribution
      if (timeMs === null) return state
      return state === null || order(timeMs, contribution, state) < 0 ? [timeMs, member, value] : state
    },
    retract(given, _value, contribution) {
      const state = given as EndState
      const { timeMs } = contribution
      if (timeMs === null) return state
      return state === null || order(timeMs, contribution, state) === 0 ? UNKNOWN : state
    },
    result: (state) => (state as EndState)?.[2] ?? null,
  }
}
