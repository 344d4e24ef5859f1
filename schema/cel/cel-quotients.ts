// round and ratio: what expressions have in place of a quotient of decimals, which may not end.
import type { Environment } from '@marcbachmann/cel-js'
import { schemaLimits } from '../schema-limits.ts'
import type { NumericType } from './cel-environment.ts'
import { CelFailure } from './cel-failure.ts'
import { nullRead } from './cel-values.ts'
import { decimalOfDouble, type DecimalValue, divideDecimals, roundDecimal } from './decimal.ts'

const SYNC = { async: false }

/** Of any magnitude, unlike a Decimal: the quotient is a double again. */
function ofDouble(value: unknown): DecimalValue {
  if (Number.isFinite(value)) return decimalOfDouble(value as number)
  throw new CelFailure(`ratio(): ${value as number} has none`)
}

export function registerQuotients(
  environment: Environment,
  toDecimal: (type: NumericType) => (value: unknown) => DecimalValue,
): void {
  environment.registerFunction(
    'round(Decimal, int): Decimal',
    (value: DecimalValue, digits: bigint) => {
      const most = schemaLimits.decimalDigitsMax
      if (digits > most || digits < -most) throw new CelFailure(`round(): digits must be from -${most} to ${most}`)
      return roundDecimal(value, Number(digits))
    },
    SYNC,
  )
  const readerOf = (type: NumericType) => (type === 'double' ? ofDouble : toDecimal(type))
  for (const left of ['Decimal', 'int', 'double'] as const)
    for (const right of ['Decimal', 'int', 'double'] as const) {
      const [ofLeft, ofRight] = [readerOf(left), readerOf(right)]
      environment.registerFunction(
        `ratio(${left}, ${right}): dyn<double>`,
        (a: unknown, b: unknown) => {
          const divisor = ofRight(b)
          if (Number(divisor.units) !== 0) return divideDecimals(ofLeft(a), divisor)
          // What goes on to use it comes to no answer, as with any null.
          nullRead.seen = true
          return null
        },
        SYNC,
      )
    }
}
