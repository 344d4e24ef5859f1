// The fold of a group by aggregates. Its state: [how many contributions of each fold, a state per aggregate].
import type { Aggregate, Derivation, Entity, FieldType } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import { type AggregateState, type AggregateTypes, numberCell, UNKNOWN } from './aggregate.ts'
import { collectState, countDistinctState, countState } from './aggregate-count.ts'
import { endState, extremeState } from './aggregate-extreme.ts'
import { averageState, sumState } from './aggregate-sum.ts'
import type { FoldState } from './compiled-fold.ts'
import { typeOfField } from './contribute.ts'
import { type SlotPlaces, valuesOf } from './contributed-values.ts'
import { FoldFailure } from './fold-failure.ts'
import type { Contribution } from './fold-function.ts'
import { foldCounts, type GroupFold } from './group-fold.ts'

type State = [counts: number[], ...states: Value[]]

interface Plan {
  readonly field: string
  readonly fold: number
  /** Place of its value in contributions; null: it counts them, and has no state of its own. */
  readonly place: number | null
  readonly state: AggregateState
  readonly fieldType: FieldType
}

function stateOf(aggregate: Aggregate, types: AggregateTypes): AggregateState {
  switch (aggregate.function) {
    case 'COUNT':
      return countState(types)
    case 'COUNT_DISTINCT':
      return countDistinctState(types)
    case 'SUM':
      return sumState(types)
    case 'AVERAGE':
      return averageState(types)
    case 'MIN':
    case 'MAX':
      return extremeState(aggregate.function, types)
    case 'FIRST':
    case 'LAST':
      return endState(aggregate.function)
    case 'COLLECT':
      return collectState(types)
  }
}

/** `name` for messages: `domain/product.Entity`. */
export function compileAggregateFold(
  { entity, derivation, name }: { readonly entity: Entity; readonly derivation: Derivation; readonly name: string },
  places: SlotPlaces,
): GroupFold {
  const counts = foldCounts(derivation.folds)
  const plans = derivation.aggregates.map((aggregate): Plan => {
    const fieldType = typeOfField(entity, aggregate.field)
    const state = stateOf(aggregate, { value: aggregate.valueType ?? fieldType, field: fieldType })
    return { field: aggregate.field, fold: aggregate.fold, place: places.get(aggregate) ?? null, state, fieldType }
  })
  const init = (): State => [counts.zero(), ...plans.map(({ place, state }) => (place === null ? 0 : state.init()))]

  /** The place of the plan whose state cannot tell; -1 where all can. */
  const move = (state: State, contributions: readonly Contribution[], direction: 'apply' | 'retract'): number => {
    for (const contribution of contributions) {
      const fold = counts.foldOf(contribution)
      state[0][fold] = (state[0][fold] ?? 0) + (direction === 'apply' ? 1 : -1)
      const values = valuesOf(contribution)
      for (let at = 0; at < plans.length; at += 1) {
        const plan = plans[at]
        if (plan === undefined || plan.place === null || plan.fold !== fold) continue
        const value = values[plan.place] ?? null
        if (value === null) continue
        const next = plan.state[direction](state[at + 1] ?? null, value, contribution)
        if (next === UNKNOWN) return at
        state[at + 1] = next
      }
    }
    return -1
  }

  const moved = (state: FoldState, contributions: readonly Contribution[], direction: 'apply' | 'retract') =>
    move(state as unknown as State, contributions, direction) < 0 ? state : null

  return {
    init,
    apply: (state, contributions) => moved(state, contributions, 'apply'),
    retract: (state, contributions) => moved(state, contributions, 'retract'),
    refold(group, contributions) {
      const state = init()
      const unknown = move(state, contributions, 'apply')
      if (unknown < 0) return state
      const field = plans[unknown]?.field ?? ''
      const bound = `more than ${schemaLimits.foldDistinctValuesMax} different values`
      throw new FoldFailure('limit', `${name}: ${field} has ${bound} in group ${JSON.stringify(group)}.`)
    },
    rows(given, group) {
      const state = given as unknown as State
      if (!counts.areEnough(state[0])) return []
      const row: Record<string, Value> = { ...group }
      for (const [at, { field, fold, place, state: aggregate, fieldType }] of plans.entries()) {
        row[field] =
          place === null ? numberCell(fieldType, String(state[0][fold] ?? 0)) : aggregate.result(state[at + 1] ?? null)
      }
      return [row satisfies Row]
    },
  }
}
