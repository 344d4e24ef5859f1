// The shipments of a warehouse told apart by the weather they set out in. In code, since a shipment counts for every kind of weather: it set
// out with it or without it, and one contribution makes rows of three keys.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type { Row } from '../../../schema/row.ts'

/** The field of a day's weather that says whether there was any. */
const FACTORS = { RAIN: 'rainy', SNOW: 'snowy', WIND: 'windy' } as const

type Counts = {
  readonly shipmentsWith: number
  readonly lateWith: number
  readonly shipmentsWithout: number
  readonly lateWithout: number
}

type State = {
  readonly byFactor: { readonly [factor: string]: Counts }
  /** How many shipments say that the warehouse is in a state: while it moves, some still say the old one. */
  readonly provinces: { readonly [stateProvince: string]: number }
}

const NONE: Counts = { shipmentsWith: 0, lateWith: 0, shipmentsWithout: 0, lateWithout: 0 }

/** `by`: 1 to count, -1 to take back. */
function counted(state: State, { value }: Contribution, by: 1 | -1): State {
  const { stateProvince } = value['warehouse'] as { readonly stateProvince: string }
  const weather = value['weather'] as Row
  const late = (value['daysLate'] as number) > 0 ? by : 0
  const counts = (factor: string, has: boolean): Counts => {
    const before = state.byFactor[factor] ?? NONE
    return has
      ? { ...before, shipmentsWith: before.shipmentsWith + by, lateWith: before.lateWith + late }
      : { ...before, shipmentsWithout: before.shipmentsWithout + by, lateWithout: before.lateWithout + late }
  }
  const byFactor = Object.fromEntries(
    Object.entries(FACTORS).map(([factor, field]) => [factor, counts(factor, weather[field] === true)]),
  )
  const said = { ...state.provinces, [stateProvince]: (state.provinces[stateProvince] ?? 0) + by }
  return { byFactor, provinces: Object.fromEntries(Object.entries(said).filter(([, times]) => times > 0)) }
}

/** What most shipments say. */
function provinceOf({ provinces }: State): string {
  const [first] = Object.entries(provinces).toSorted(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1))
  return first?.[0] ?? ''
}

const weatherDelays: FoldFunction<State> = {
  init: () => ({ byFactor: {}, provinces: {} }),
  apply: (state, contribution) => counted(state, contribution, 1),
  retract: (state, contribution) => counted(state, contribution, -1),
  emit: (state, group) =>
    Object.entries(state.byFactor).map(([factor, counts]): Row => ({
      ...group,
      factor,
      stateProvince: provinceOf(state),
      ...counts,
    })),
}

export const folds: FoldFunctions = { weatherDelays }
