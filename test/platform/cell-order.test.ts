// Cassandra's order of two values of one write time.
import { expect, test } from 'vitest'
import { compareTied } from '../../platform/cell-order.ts'
import type { Value } from '../../schema/row.ts'
import type { ColumnType } from '../../schema/tables.ts'

/** Per type, values from the one that always loses to the one that always wins. */
const ORDERS: Readonly<Record<ColumnType, readonly Value[]>> = {
  text: ['', 'Z', 'a', 'ab', 'é', '語', '🚀', null],
  int: [0, 1, 2_147_483_647, -2_147_483_648, -1, null],
  bigint: ['0', '7', '9223372036854775807', '-9223372036854775808', '-1', null],
  double: [0, 1e-300, 1, 1.5, -1, -2, null],
  boolean: [false, true, null],
  // Four bytes of scale, then the unscaled number, as short as it can be: 128 is 00 80.
  decimal: ['0', '128', '1', '300', '127', '-1', '0.1', '1.5', '-0.1', '0.01', null],
  timestamp: ['1970-01-01T00:00:00.000Z', '2026-01-02T03:04:05.000Z', '1969-12-31T23:59:59.999Z', null],
  date: ['1969-12-31', '1970-01-01', '2026-01-02', null],
  uuid: [
    '00000000-0000-4000-8000-000000000000',
    '9f000000-0000-1000-8000-000000000000',
    'ff000000-0000-4000-8000-000000000000',
    null,
  ],
  json: [[1], [2], { a: 1 }, { a: 2 }, null],
}

test.each(Object.entries(ORDERS))(
  'two values of %s written at one time: the greater CQL bytes win, null over all',
  (type, values) => {
    const signs = values.map((left) => values.map((right) => Math.sign(compareTied(type as ColumnType, left, right))))
    expect(signs).toEqual(values.map((_, left) => values.map((_, right) => Math.sign(left - right))))
  },
)

test('equal JSON values tie whatever objects hold them', () => {
  expect(compareTied('json', { a: [1, 'x'] }, { a: [1, 'x'] })).toBe(0)
})
