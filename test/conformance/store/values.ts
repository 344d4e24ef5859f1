// Values come back as they were written: every type, its bounds, and text that is hard on encodings.
import { describe, expect, it } from 'vitest'
import type { Value } from '../../../schema/row.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'

const VALUES: Readonly<Record<string, readonly Value[]>> = {
  name: [
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '😀 👩‍👩‍👧 𝒳',
    `'"\`\\;--`,
    '__proto__',
    'constructor',
    '\r\n\t\u2028',
    '\ufeffbom',
    'null',
    '\ue000\uffff',
  ],
  count: [0, 1, -1, 2_147_483_647, -2_147_483_648],
  big: ['0', '-1', '9223372036854775807', '-9223372036854775808', '9007199254740993'],
  ratio: [0, 0.1, -0.5, 1e308, -1e-300, 3],
  flag: [true, false],
  amount: ['0', '0.01', '-12.5', '100', '123456789012345678901234567890.123456789', '-0.000000001'],
  at: ['1970-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '2026-02-28T23:59:59.001Z', '9999-12-31T23:59:59.999Z'],
  day: ['1970-01-01', '1969-12-31', '2024-02-29', '9999-12-31', '0001-01-01'],
  uid: ['00000000-0000-0000-0000-000000000000', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
  document: [
    {},
    [],
    0,
    '',
    false,
    [null, { a: null }],
    { nested: { deep: [[{ text: '\u0000😀' }]] } },
    // An own property of that name, as JSON.parse makes it.
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as Value,
  ],
}
const COLUMNS = Object.entries(VALUES).map(([column, values]) => ({ column, values }))

export function describeValues(suite: StoreSuite): void {
  describe('a value', () => {
    it.each(COLUMNS)('of column $column comes back as it was written', async ({ column, values }) => {
      const table = await suite.table(EVERY_TYPE)
      const rows = values.map((value, at) => ({ id: String(at), [column]: value }))
      await suite.store.write(rows.map((row) => put(table, row, 1)))
      const found = await suite.store.read(
        table,
        rows.map(({ id }) => ({ id })),
      )
      // Texts are compared: toEqual does not see an own __proto__.
      expect(found.map((stored) => JSON.stringify(stored?.row))).toEqual(rows.map((row) => JSON.stringify(row)))
    })

    it('of text may be any key', async () => {
      const table = await suite.table({
        columns: { id: 'text', part: 'text', count: 'int' },
        partitionKey: ['id'],
        clusteringKey: ['part'],
      })
      const texts = VALUES['name']?.map(String).filter((text) => text !== '') ?? []
      const rows = texts.flatMap((id) => ['', ...texts].map((part, count) => ({ id, part, count })))
      await suite.store.write(rows.map((row) => put(table, row, 1)))
      const found = await suite.store.read(
        table,
        rows.map(({ id, part }) => ({ id, part })),
      )
      expect(found).toEqual(rows.map((row) => ({ row })))
    })

    it('of text without its other surrogate is kept with U+FFFD in its place', async () => {
      const table = await suite.table(EVERY_TYPE)
      await suite.store.write([put(table, { id: '\ud83d', name: 'a\ude00' }, 1)])
      expect(await suite.row(table, { id: '\ud83d' })).toEqual({ id: '\ufffd', name: 'a\ufffd' })
    })

    it('may be a megabyte', async () => {
      const table = await suite.table(EVERY_TYPE)
      const big = { id: '1', name: 'é'.repeat(500_000), document: Array.from({ length: 50_000 }, (_, at) => ({ at })) }
      await suite.store.write([put(table, big, 1)])
      expect(await suite.row(table, { id: '1' })).toEqual(big)
    })
  })
}
