import { describe, expect, test } from 'vitest'
import {
  addDecimals,
  canonicalDecimal,
  compareDecimals,
  compareDecimalTexts,
  decimalOf,
  decimalToText,
  multiplyDecimals,
  subtractDecimals,
} from '../../../schema/cel/decimal.ts'
import { seededRandom } from '../../seeded-random.ts'

describe('canonical text', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['0.10', '0.1'],
    ['5.70', '5.7'],
    ['100', '100'],
    ['1.', '1'],
    ['.5', '0.5'],
    ['+3', '3'],
    ['007.50', '7.5'],
    ['1e3', '1000'],
    ['1.5E-3', '0.0015'],
    ['-12.3400e2', '-1234'],
    ['1e127', `1${'0'.repeat(127)}`],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical)
  })

  test.each([
    '',
    '-',
    '.',
    '1..2',
    '1,5',
    'NaN',
    'Infinity',
    '0x10',
    ' 1',
    '1e',
    '--1',
    '1e999999999',
    '1e-200',
    '9'.repeat(129),
  ])('%j is no decimal', (text) => {
    expect(canonicalDecimal(text)).toBeNull()
  })
})

/** The same arithmetic on bigints at one scale, which is what exactness means here. */
const SCALE = 12
function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const units = BigInt(whole + fraction.padEnd(SCALE, '0'))
  return text.startsWith('-') ? -units : units
}

test('sums, differences, products and orders are exact (seeded against bigints at one scale)', () => {
  const random = seededRandom(20261121)
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(random() * 10)).join('')
  for (let round = 0; round < 3_000; round++) {
    const make = (): string =>
      canonicalDecimal(
        `${random() < 0.5 ? '-' : ''}${digits(1 + Math.floor(random() * 18))}.${digits(Math.floor(random() * 6))}`,
      ) ?? ''
    const [a, b] = [make(), make()]
    const [x, y] = [decimalOf(a), decimalOf(b)]
    expect(scaled(decimalToText(addDecimals(x, y)))).toBe(scaled(a) + scaled(b))
    expect(scaled(decimalToText(subtractDecimals(x, y)))).toBe(scaled(a) - scaled(b))
    expect(scaled(decimalToText(multiplyDecimals(x, y))) * 10n ** BigInt(SCALE)).toBe(scaled(a) * scaled(b))
    const order = scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0
    expect(compareDecimals(x, y)).toBe(order)
    expect(Math.sign(compareDecimalTexts(a, b))).toBe(order)
    expect(decimalToText(x)).toBe(a)
  }
})
