// Durations, intervals, places in strings and nearest names.
import { describe, expect, test } from 'vitest'
import { parseDurationMs } from '../../schema/parse/duration.ts'
import { parseInterval } from '../../schema/parse/interval.ts'
import { nearestName } from '../../schema/parse/nearest-name.ts'

describe('a duration', () => {
  test.each([
    ['PT0.05S', 50],
    ['PT1M30S', 90_000],
    ['P7D', 604_800_000],
    ['P1W', 604_800_000],
    ['P1DT1H', 90_000_000],
    ['P0D', null],
    ['P', null],
    ['PT', null],
    ['P1DT', null],
    ['P1M', null],
    ['P1Y', null],
    ['-P1D', null],
    ['PT0.0001S', null],
    ['p1d', null],
    ['', null],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected)
  })
})

describe('an interval', () => {
  test.each([
    ['[0,)', { lower: '0', lowerInclusive: true, upper: null, upperInclusive: false }],
    ['(,]', { lower: null, lowerInclusive: false, upper: null, upperInclusive: false }],
    ['( -00.50 , 100.10 ]', { lower: '-0.5', lowerInclusive: false, upper: '100.1', upperInclusive: true }],
    ['[-0,0.0]', { lower: '0', lowerInclusive: true, upper: '0', upperInclusive: true }],
    ['(0,0]', 'empty'],
    ['[2,1]', 'empty'],
    ['[0,1', null],
    ['[1e3,)', null],
    ['0,1', null],
  ])('%s', (text, expected) => {
    expect(parseInterval(text)).toEqual(expected)
  })

  test('is compared exactly, beyond doubles', () => {
    expect(parseInterval('[0.10000000000000000001,0.1]')).toBe('empty')
    expect(parseInterval('[-12345678901234567890,-12345678901234567889]')).not.toBe('empty')
  })
})

describe('the nearest name', () => {
  test.each([
    ['custmerId', ['id', 'customerId'], 'customerId'],
    ['tabel', ['table', 'label'], 'table'],
    ['STATUS', ['status'], 'status'],
    ['orders_by_status', ['orders_by_customer'], null],
    ['x', ['y'], 'y'],
    ['', ['id'], null],
  ])('to %s of %j is %s', (name, known, expected) => {
    expect(nearestName(name, known)).toBe(expected)
  })
})
