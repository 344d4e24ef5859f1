// SUM and AVERAGE: exact decimals, for Float too (each by its shortest decimal text), converted once when the cell is made.
// State: units × 10^-scale as [units, scale], units a text where a number cannot hold them; AVERAGE has the count behind.
import {
  addDecimals,
  decimalOf,
  decimalOfDouble,
  decimalToText,
  DecimalValue,
  divideDecimals,
  negateDecimal,
} from '../cel/decimal.ts'
import type { FieldType } from '../model.ts'
import type { Value } from '../row.ts'
import { type AggregateState, type AggregateTypes, numberCell } from './aggregate.ts'

type SumState = [units: number | string, scale: number]
type AverageState = [...SumState, count: number]

function decimalReader(type: FieldType): (value: Value) => DecimalValue {
  if (type.kind === 'scalar' && type.scalar === 'Float') return (value) => decimalOfDouble(value as number)
  if (type.kind === 'scalar' && type.scalar === 'JSON')
    return (value) => (typeof value === 'number' ? decimalOfDouble(value) : decimalOf(value as string))
  if (type.kind === 'scalar' && type.scalar === 'Int') return (value) => new DecimalValue(value as number, 0)
  return (value) => decimalOf(value as string)
}

const decimalIn = ([units, scale]: readonly [number | string, number, ...unknown[]]): DecimalValue =>
  new DecimalValue(typeof units === 'number' ? units : BigInt(units), scale)

/** Into the state itself. */
function put(state: [number | string, number, ...unknown[]], { units, scale }: DecimalValue): void {
  state[0] = typeof units === 'number' ? units : String(units)
  state[1] = scale
}

function add(state: [number | string, number, ...unknown[]], value: DecimalValue): void {
  if (typeof state[0] === 'number' && typeof value.units === 'number' && state[1] === value.scale) {
    const units = state[0] + value.units
    if (Number.isSafeInteger(units)) {
      state[0] = units
      return
    }
  }
  put(state, addDecimals(decimalIn(state), value))
}

/** Without the digits that only the value taken back had. */
function subtract(state: [number | string, number, ...unknown[]], value: DecimalValue): void {
  put(state, decimalOf(decimalToText(addDecimals(decimalIn(state), negateDecimal(value)))))
}

export function sumState({ value: valueType, field }: AggregateTypes): AggregateState {
  const decimal = decimalReader(valueType)
  return {
    init: () => [0, 0],
    apply(state, value) {
      add(state as SumState, decimal(value))
      return state
    },
    retract(state, value) {
      subtract(state as SumState, decimal(value))
      return state
    },
    result: (state) => numberCell(field, decimalToText(decimalIn(state as SumState))),
  }
}

export function averageState({ value: valueType }: AggregateTypes): AggregateState {
  const decimal = decimalReader(valueType)
  return {
    init: () => [0, 0, 0],
    apply(state, value) {
      const average = state as AverageState
      add(average, decimal(value))
      average[2] += 1
      return state
    },
    retract(state, value) {
      const average = state as AverageState
      subtract(average, decimal(value))
      average[2] -= 1
      return state
    },
    result(state) {
      const average = state as AverageState
      return average[2] === 0 ? null : divideDecimals(decimalIn(average), new DecimalValue(average[2], 0))
    },
  }
}
