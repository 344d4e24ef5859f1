// COUNT of values, COUNT_DISTINCT and COLLECT. The latter two count each value by its JSON text, so that one taken back goes only with its
// last; JSON texts are safe as names of members (`__proto__` has its quotes).
import type { FieldType } from '../model.ts'
import { cellText, type Value } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import { type AggregateState, type AggregateTypes, numberCell, UNKNOWN } from './aggregate.ts'
import { cellOrder } from './value-order.ts'

interface DistinctState {
  /** Members of `counts`, which an object would have to count. */
  size: number
  readonly counts: Record<string, number>
}

export function countState({ field }: AggregateTypes): AggregateState {
  return {
    init: () => 0,
    apply: (state) => (state as number) + 1,
    retract: (state) => (state as number) - 1,
    result: (state) => numberCell(field, cellText(state)),
  }
}

function distinctState(result: (state: DistinctState) => Value): AggregateState {
  return {
    init: () => ({ size: 0, counts: {} }),
    apply(given, value) {
      const state = given as unknown as DistinctState
      const text = JSON.stringify(value)
      const count = state.counts[text] ?? 0
      if (count === 0 && ++state.size > schemaLimits.foldDistinctValuesMax) return UNKNOWN
      state.counts[text] = count + 1
      return given
    },
    retract(given, value) {
      const state = given as unknown as DistinctState
      const text = JSON.stringify(value)
      const count = state.counts[text]
      if (count === undefined) return UNKNOWN
      if (count > 1) state.counts[text] = count - 1
      else {
        delete state.counts[text]
        state.size -= 1
      }
      return given
    },
    result: (state) => result(state as unknown as DistinctState),
  }
}

export const countDistinctState = ({ field }: AggregateTypes): AggregateState =>
  distinctState(({ size }) => numberCell(field, String(size)))

export function collectState({ value }: { readonly value: FieldType }): AggregateState {
  const compare = cellOrder(value)
  return distinctState(({ counts }) => {
    const values = Object.keys(counts).map((text): Value => JSON.parse(text) as Value)
    return values.sort(compare)
  })
}
