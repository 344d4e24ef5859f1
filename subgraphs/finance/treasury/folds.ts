// The fold of the cash position: movements summed by day, and the balances that run over the days. A movement that is corrected or comes
// late changes the sum of its day only; the balances are computed from the sums whenever rows are told.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Row, type Value } from '../../../schema/row.ts'
import { addDecimals, decimalOf, decimalToText, type DecimalValue } from '../../../schema/cel/decimal.ts'
import { multiplyDecimals, negateDecimal, roundDecimal, subtractDecimals } from '../../../schema/cel/decimal.ts'

/** Sums of a day, as canonical decimals. */
interface Day {
  readonly inflow: string
  readonly outflow: string
  readonly netInUsDollars: string
  /** Movements that no rate converts. */
  readonly unconverted: number
  readonly movements: number
  readonly [name: string]: Value
}

type Days = Record<string, Day>

const CENTS = 2
const NO_MOVEMENT: Day = { inflow: '0', outflow: '0', netInUsDollars: '0', unconverted: 0, movements: 0 }
const ZERO = decimalOf('0')

/** What a movement is worth in US dollars; null where its month has no rate. */
function inUsDollars(value: Row, net: DecimalValue): DecimalValue | null {
  if (value['currency'] === 'USD') return net
  const rate = value['rate'] as { readonly rate: string } | null
  return rate === null ? null : roundDecimal(multiplyDecimals(net, decimalOf(rate.rate)), CENTS)
}

function move(days: Days, { value }: Contribution, direction: 1 | -1): Days {
  const date = cellText(value['date'])
  const day = days[date] ?? NO_MOVEMENT
  const movements = day.movements + direction
  if (movements === 0) {
    delete days[date]
    return days
  }
  const signed = (amount: DecimalValue): DecimalValue => (direction === 1 ? amount : negateDecimal(amount))
  const plus = (sum: string, amount: DecimalValue): string => decimalToText(addDecimals(decimalOf(sum), signed(amount)))
  const inflow = decimalOf(cellText(value['inflow']))
  const outflow = decimalOf(cellText(value['outflow']))
  const converted = inUsDollars(value, subtractDecimals(inflow, outflow))
  days[date] = {
    inflow: plus(day.inflow, inflow),
    outflow: plus(day.outflow, outflow),
    netInUsDollars: plus(day.netInUsDollars, converted ?? ZERO),
    unconverted: day.unconverted + (converted === null ? direction : 0),
    movements,
  }
  return days
}

/** A row for each day, in the order of time. */
function positions(days: Days, group: Row): readonly Row[] {
  let balance = ZERO
  let inDollars: DecimalValue | null = ZERO
  return Object.entries(days)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([date, day]) => {
      const net = subtractDecimals(decimalOf(day.inflow), decimalOf(day.outflow))
      balance = addDecimals(balance, net)
      if (day.unconverted > 0) inDollars = null
      if (inDollars !== null) inDollars = addDecimals(inDollars, decimalOf(day.netInUsDollars))
      return {
        ...group,
        date,
        inflow: day.inflow,
        outflow: day.outflow,
        balance: decimalToText(balance),
        netInUsDollars: day.unconverted > 0 ? null : day.netInUsDollars,
        balanceInUsDollars: inDollars === null ? null : decimalToText(inDollars),
      }
    })
}

const position: FoldFunction<Days> = {
  init: () => ({}),
  apply: (days, contribution) => move(days, contribution, 1),
  retract: (days, contribution) => move(days, contribution, -1),
  emit: positions,
}

export const folds: FoldFunctions = { position }
