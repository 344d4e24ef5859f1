import { describe, expect, test } from 'vitest'
import { CEL_FUNCTIONS } from '../../../schema/cel/cel-functions.ts'
import { compileCel, type CelEvaluation, type CelScope } from '../../../schema/cel/compile-cel.ts'
import type { FieldType, ScalarName, TimeBucket } from '../../../schema/model.ts'
import type { Row } from '../../../schema/row.ts'
import { bucketOf } from '../../../schema/emit/time-bucket.ts'
import { seededInteger } from '../../seeded-random.ts'

const scalar = (name: ScalarName): FieldType => ({ kind: 'scalar', scalar: name })
const variable = (name: ScalarName, nullable = false) => ({ type: scalar(name), nullable })

const variables = new Map([
  ['at', variable('DateTime')],
  ['date', variable('Date')],
  ['amount', variable('Decimal')],
  ['count', variable('Int')],
  ['score', variable('Float')],
  ['missing', variable('Decimal', true)],
  // A field may have a function's name.
  ['day', variable('Date')],
])

function evaluate(source: string, row: Row, expected?: ScalarName): CelEvaluation {
  const scope: CelScope = { variables, valueTypes: [], enums: [] }
  const compiled = compileCel(source, expected === undefined ? scope : { ...scope, expected: scalar(expected) })
  if (compiled.kind === 'error') throw new Error(compiled.message)
  return compiled.expression.evaluate(row)
}

const valueOf = (source: string, row: Row = {}, expected?: ScalarName): unknown => {
  const result = evaluate(source, row, expected)
  return result.kind === 'value' ? result.value : result
}

describe('the reference', () => {
  test.each(CEL_FUNCTIONS.map(({ example, gives }) => [example, gives] as const))('%s gives %s', (example, gives) => {
    expect(valueOf(example)).toEqual(gives)
  })
})

describe('the begin of an hour, day, month or year', () => {
  test.each(['hour', 'day', 'month', 'year'] as const satisfies readonly TimeBucket[])(
    '%s is the bucket of the same time in a table',
    (bucket) => {
      const random = seededInteger(7)
      const end = Date.UTC(2100, 0, 1)
      for (let round = 0; round < 200; round += 1) {
        const at = new Date(random(2) === 0 ? random(4_000_000_000) * 1_000 : -random(4_000_000_000) * 10_000)
        if (at.getTime() > end) continue
        const row = { at: at.toISOString() }
        const expected = bucketOf(bucket, row.at)
        expect(valueOf(`${bucket}(at)`, row, bucket === 'hour' ? 'DateTime' : 'Date')).toBe(expected)
      }
    },
  )

  test('of a Date is the day itself, its month, its year', () => {
    const row = { date: '2024-02-29', day: '2023-07-31' }
    expect(valueOf('day(date)', row, 'Date')).toBe('2024-02-29')
    expect(valueOf('hour(date)', row, 'DateTime')).toBe('2024-02-29T00:00:00.000Z')
    expect(valueOf('month(day)', row, 'Date')).toBe('2023-07-01')
  })
})

test('daysBetween counts midnights, in both directions', () => {
  const row = { at: '2024-02-29T23:59:59.999Z', date: '2024-03-02' }
  expect(valueOf('daysBetween(at, date)', row, 'Int')).toBe(2)
  expect(valueOf('daysBetween(date, at)', row, 'Int')).toBe(-2)
  expect(valueOf('daysBetween(at, at)', row, 'Int')).toBe(0)
})

describe('round', () => {
  test.each([
    ['2.345', 2, '2.35'],
    ['-2.345', 2, '-2.35'],
    ['2.344999', 2, '2.34'],
    ['0.5', 0, '1'],
    ['-0.4', 0, '0'],
    ['1250', -2, '1300'],
    ['-1249.99', -2, '-1200'],
    ['1.1', 5, '1.1'],
    ['123456789012345678901234567890.125', 2, '123456789012345678901234567890.13'],
  ])('%s to %i digits is %s', (amount, digits, rounded) => {
    expect(valueOf(`round(amount, ${digits})`, { amount }, 'Decimal')).toBe(rounded)
  })

  test('to more digits than a Decimal has is a failure', () => {
    expect(evaluate('round(amount, 129)', { amount: '1' })).toMatchObject({ kind: 'error', onNull: false })
  })
})

describe('ratio', () => {
  test('is the nearest double, of any mixture of numbers', () => {
    const row = { amount: '0.3', count: 3, score: 0.1 }
    expect(valueOf('ratio(amount, score)', row, 'Float')).toBe(3)
    expect(valueOf('ratio(amount, count)', row, 'Float')).toBe(0.1)
    expect(valueOf('ratio(1, count)', row, 'Float')).toBe(1 / 3)
    expect(valueOf('ratio(score, amount)', row, 'Float')).toBe(1 / 3)
    expect(valueOf('ratio(score, 1e-300)', { score: 1e300 })).toMatchObject({ kind: 'error' })
    expect(valueOf('ratio(score, 2e299)', { score: 1e300 })).toBe(5)
    expect(valueOf('ratio(amount, 7)', { amount: '-100000000000000000000000000000' })).toBe(-1e29 / 7)
  })

  test('goes by what follows its digits, where they lie in the middle of two doubles', () => {
    const middle = '9007199254740993'
    expect(valueOf('ratio(amount, 1)', { amount: middle })).toBe(9007199254740992)
    expect(valueOf('ratio(amount, 1)', { amount: `${middle}.${'0'.repeat(60)}1` })).toBe(9007199254740994)
  })

  test('is null where the divisor is 0, and what uses it is unknown', () => {
    expect(valueOf('ratio(amount, count)', { amount: '1', count: 0 })).toBeNull()
    expect(evaluate('ratio(amount, count) > 0.5', { amount: '1', count: 0 })).toMatchObject({ onNull: true })
    expect(evaluate('ratio(missing, 2)', { missing: null })).toMatchObject({ onNull: true })
  })
})
