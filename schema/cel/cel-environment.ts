// The CEL environment that every expression is compiled in: the library's own, and Decimal with exact arithmetic.
// Decimal mixes with int and double exactly: a double counts by its shortest text, so that the literal 0.1 is one tenth. What is added to
// CEL's own functions is told to authors by cel-functions.ts.
import { Environment } from '@marcbachmann/cel-js'
import { CelFailure } from './cel-failure.ts'
import { registerQuotients } from './cel-quotients.ts'
import { registerTimeFunctions } from './cel-times.ts'
import { addDecimals, canonicalDecimal, compareDecimals, DecimalValue, decimalOf } from './decimal.ts'
import { decimalToText, multiplyDecimals, negateDecimal, subtractDecimals } from './decimal.ts'
import { schemaLimits } from '../schema-limits.ts'

const SYNC = { async: false }

function decimalOfNumber(value: number): DecimalValue {
  if (Number.isSafeInteger(value)) return new DecimalValue(value, 0)
  const text = Number.isFinite(value) ? canonicalDecimal(String(value)) : null
  if (text === null) throw new CelFailure(`${value} has no decimal value`)
  return decimalOf(text)
}

function decimalOfText(text: string): DecimalValue {
  const canonical = canonicalDecimal(text.trim())
  if (canonical === null) throw new CelFailure(`decimal(): '${text.slice(0, 40)}' is no decimal number`)
  return decimalOf(canonical)
}

function decimalOfInt(value: bigint): DecimalValue {
  const number = Number(value)
  return new DecimalValue(Number.isSafeInteger(number) ? number : value, 0)
}

export type NumericType = 'Decimal' | 'int' | 'double'

function toDecimal(type: NumericType): (value: unknown) => DecimalValue {
  if (type === 'int') return (value) => decimalOfInt(value as bigint)
  if (type === 'double') return (value) => decimalOfNumber(value as number)
  return (value) => value as DecimalValue
}

function registerDecimalOperators(environment: Environment): void {
  const pairs: readonly (readonly [NumericType, NumericType])[] = [
    ['Decimal', 'Decimal'],
    ['Decimal', 'int'],
    ['Decimal', 'double'],
    ['int', 'Decimal'],
    ['double', 'Decimal'],
  ]
  for (const [left, right] of pairs) {
    const ofLeft = toDecimal(left)
    const ofRight = toDecimal(right)
    const arithmetic = (operator: string, apply: (a: DecimalValue, b: DecimalValue) => DecimalValue): void => {
      environment.registerOperator(`${left} ${operator} ${right}: Decimal`, (a: unknown, b: unknown) =>
        apply(ofLeft(a), ofRight(b)),
      )
    }
    const comparison = (operator: string, holds: (order: number) => boolean): void => {
      environment.registerOperator(`${left} ${operator} ${right}: bool`, (a: unknown, b: unknown) =>
        holds(compareDecimals(ofLeft(a), ofRight(b))),
      )
    }
    arithmetic('+', addDecimals)
    arithmetic('-', subtractDecimals)
    arithmetic('*', multiplyDecimals)
    comparison('<', (order) => order < 0)
    comparison('<=', (order) => order <= 0)
    comparison('>', (order) => order > 0)
    comparison('>=', (order) => order >= 0)
    // The library derives != and the mirrored pair from ==.
    if (left === 'Decimal') comparison('==', (order) => order === 0)
  }
  environment.registerOperator('-Decimal', negateDecimal as (left: unknown) => unknown)
}

function registerConversions(environment: Environment): void {
  environment.registerFunction('decimal(string): Decimal', decimalOfText, SYNC)
  environment.registerFunction('decimal(int): Decimal', decimalOfInt, SYNC)
  environment.registerFunction('decimal(double): Decimal', decimalOfNumber, SYNC)
  environment.registerFunction('decimal(Decimal): Decimal', (value: DecimalValue) => value, SYNC)
  environment.registerFunction('string(Decimal): string', decimalToText, SYNC)
  environment.registerFunction('double(Decimal): double', (value: DecimalValue) => Number(decimalToText(value)), SYNC)
  environment.registerFunction(
    'int(Decimal): int',
    (value: DecimalValue) => {
      // As int(double): cut off, not rounded.
      const whole = BigInt(decimalToText(value).split('.', 1)[0] ?? '0')
      if (BigInt.asIntN(64, whole) !== whole) throw new CelFailure('int(): the decimal does not fit 64 bits')
      return whole
    },
    SYNC,
  )
  const string = 'string(google.protobuf.Timestamp): string'
  environment.registerFunction(string, (value: Date) => value.toISOString(), SYNC)
}

interface Arithmetic<T> {
  readonly type: NumericType
  readonly zero: T
  readonly is: (value: unknown) => value is T
  readonly add: (a: T, b: T) => T
  readonly less: (a: T, b: T) => boolean
  readonly negate: (a: T) => T
}

function registerAggregates<T>(environment: Environment, arithmetic: Arithmetic<T>): void {
  const { type, zero, is, add, less, negate } = arithmetic
  const fold = (name: string, items: readonly unknown[], step: (a: T, b: T) => T, start: T | undefined): T => {
    let result = start
    for (const item of items) {
      if (!is(item)) throw new CelFailure(`${name}(): an element is ${item === null ? 'null' : `no ${type}`}`)
      result = result === undefined ? item : step(result, item)
    }
    if (result === undefined) throw new CelFailure(`${name}(): the list is empty`)
    return result
  }
  const lesser = (a: T, b: T): T => (less(b, a) ? b : a)
  const greater = (a: T, b: T): T => (less(a, b) ? b : a)
  const list = `list<${type}>`
  environment.registerFunction(
    `${list}.sum(): ${type}`,
    (items: readonly unknown[]) => fold('sum', items, add, zero),
    SYNC,
  )
  environment.registerFunction(
    `${list}.min(): ${type}`,
    (items: readonly unknown[]) => fold('min', items, lesser, undefined),
    SYNC,
  )
  environment.registerFunction(
    `${list}.max(): ${type}`,
    (items: readonly unknown[]) => fold('max', items, greater, undefined),
    SYNC,
  )
  environment.registerFunction(`min(${type}, ${type}): ${type}`, lesser, SYNC)
  environment.registerFunction(`max(${type}, ${type}): ${type}`, greater, SYNC)
  environment.registerFunction(`abs(${type}): ${type}`, (value: T) => (less(value, zero) ? negate(value) : value), SYNC)
}

function checkedInt(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new CelFailure('an integer does not fit 64 bits')
  return value
}

function createBase(): Environment {
  const environment = new Environment({
    limits: { maxAstNodes: schemaLimits.celNodesMax, maxDepth: schemaLimits.celDepthMax },
  })
  environment.registerType('Decimal', { ctor: DecimalValue, fields: {} })
  registerDecimalOperators(environment)
  registerConversions(environment)
  registerQuotients(environment, toDecimal)
  registerTimeFunctions(environment)
  registerAggregates<DecimalValue>(environment, {
    type: 'Decimal',
    zero: new DecimalValue(0, 0),
    is: (value) => value instanceof DecimalValue,
    add: addDecimals,
    less: (a, b) => compareDecimals(a, b) < 0,
    negate: negateDecimal,
  })
  registerAggregates<bigint>(environment, {
    type: 'int',
    zero: 0n,
    is: (value) => typeof value === 'bigint',
    add: (a, b) => checkedInt(a + b),
    less: (a, b) => a < b,
    negate: (a) => checkedInt(-a),
  })
  registerAggregates<number>(environment, {
    type: 'double',
    zero: 0,
    is: (value) => typeof value === 'number',
    add: (a, b) => a + b,
    less: (a, b) => a < b,
    negate: (a) => -a,
  })
  return environment
}

const base = createBase()

/** A fresh environment: types and variables registered in it stay in it. */
export const createCelEnvironment = (): Environment => base.clone()
