// SUM and AVERAGE: exact decimals, for Float too (each by its shortest decimal text), converted once when the cell is made.
// State: units × 10^-scale as [units, scale], units a text where a number cannot hold them; AVERAGE has the count behind.
import { addDecimals, decimalOf, decimalToText, DecimalValue, negateDecimal } from '../cel/decimal.ts'
import type { FieldType } from '../model.ts'
import type { Value } from '../row.ts'
import { type AggregateState, type AggregateTypes, numberCell } from './aggregate.ts'

type SumState = [units: number | string, scale: number]
type AverageState = [...SumState, count: number]

const doublePattern = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

/** The decimal that a finite double's shortest text says; up to 17 digits and an exponent to ±324. */
function decimalOfDouble(value: number): DecimalValue {
  if (Number.isSafeInteger(value)) return new DecimalValue(value, 0)
  const text = String(value)
  if (!text.includes('e')) return decimalOf(text)
  const [, sign = '', integer = '0', fraction = '', exponent = '0'] = doublePattern.exec(text) ?? []
  const units = BigInt(sign + integer + fraction)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? new DecimalValue(units, scale) : new DecimalValue(units * 10n ** BigInt(-scale), 0)
}

function decimalReader(type: FieldType): (value: Value) => DecimalValue {
  if (type.kind === 'scalar' && type.scalar === 'Float') return (value) => decimalOfDouble(value as number)
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
      return average[2] === 0 ? null : quotient(decimalIn(average), average[2])
    },
  }
}

/** More than any double's own digits: what follows them is told by one digit more. */
const QUOTIENT_DIGITS = 40

/** The double nearest to the exact quotient. */
function quotient({ units, scale }: DecimalValue, count: number): number {
  const divisor = scale > 15 ? Number.POSITIVE_INFINITY : count * 10 ** scale
  // Both are integers that a double holds: one division rounds once.
  if (typeof units === 'number' && Number.isSafeInteger(divisor)) return units === 0 ? 0 : units / divisor
  const shifted = BigInt(units) * 10n ** BigInt(QUOTIENT_DIGITS)
  const whole = shifted / BigInt(count)
  const sticky = shifted % BigInt(count) === 0n ? '0' : '1'
  return Number(`${whole}${sticky}e${-(scale + QUOTIENT_DIGITS + 1)}`)
}
