// The order of clustering keys, equal in every store: per type the values in ascending order, as Cassandra sorts them.
import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../../schema/tables.ts'
import type { ClusteringRange } from '../../../platform/ports/store.ts'
import { put, type StoreSuite } from './harness.ts'
import { seededRandom, shuffled } from '../../seeded-random.ts'

const ASCENDING: readonly { type: ColumnType; values: readonly (string | number)[] }[] = [
  {
    type: 'text',
    values: [
      '',
      '\u0000',
      '\u0000\u0000',
      '\u0000a',
      '\u0001',
      ' ',
      'A',
      'Z',
      'a',
      'a\u0000',
      'a\u0000b',
      'a\u0001',
      'aa',
      'ab',
      'b',
      '\u007f',
      'é',
      '\u07ff',
      '\u0800',
      '\ud7ff',
      '\ue000',
      // UTF-16 would put these last before the emoji.
      '\uffff',
      '😀',
      '😀a',
      '\u{10ffff}',
    ],
  },
  { type: 'int', values: [-2_147_483_648, -65_536, -256, -255, -1, 0, 1, 127, 128, 255, 256, 65_536, 2_147_483_647] },
  {
    type: 'bigint',
    values: [
      '-9223372036854775808',
      '-4294967296',
      '-10',
      '-9',
      '-1',
      '0',
      '1',
      '9',
      '10',
      '4294967296',
      '9223372036854775807',
    ],
  },
  {
    type: 'decimal',
    values: [
      '-1000000000000000000000.5',
      '-1000000000000000000000',
      '-100',
      '-99.99',
      '-10.01',
      '-10',
      '-9',
      '-1.5',
      '-1.05',
      '-1',
      '-0.5',
      '-0.05',
      '-0.0001',
      '0',
      '0.0001',
      '0.001',
      '0.05',
      '0.5',
      '0.51',
      '0.511',
      '1',
      '1.05',
      '1.5',
      '2',
      '9.99',
      '10',
      '10.01',
      '99.99',
      '100',
      '1000',
      '12345678901234567890.123456789',
      '12345678901234567890.12345679',
    ],
  },
  {
    type: 'timestamp',
    values: [
      '0001-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:00.001Z',
      '2026-01-02T03:04:05.000Z',
      '9999-12-31T23:59:59.999Z',
    ],
  },
  { type: 'date', values: ['0001-01-01', '1969-12-31', '1970-01-01', '1970-01-02', '2024-02-29', '9999-12-31'] },
  {
    type: 'uuid',
    values: [
      // Version 1 by time, whose lowest part comes first in the text.
      'ffffffff-0000-1000-8000-000000000000',
      '00000000-0001-1000-8000-000000000000',
      '00000000-0001-1000-8000-000000000001',
      '00000000-0001-1000-bfff-000000000000',
      '00000000-0000-1001-8000-000000000000',
      '00000000-0000-4000-8000-000000000000',
      '00000000-0000-4000-8000-ffffffffffff',
      '7fffffff-ffff-4fff-bfff-ffffffffffff',
      'ffffffff-0000-4000-8000-000000000000',
      '00000000-0000-7000-8000-000000000000',
    ],
  },
]
const CASES = ASCENDING.flatMap(({ type, values }) =>
  (['', ' desc'] as const).map((order) => ({ type, values, order })),
)

export function describeKeyOrder(suite: StoreSuite): void {
  const filled = async ({ type, values, order }: (typeof CASES)[number]): Promise<string> => {
    const shape = {
      columns: { group: 'text', key: type },
      partitionKey: ['group'],
      clusteringKey: [`key${order}`],
    } as const
    const table = await suite.table(shape)
    await suite.store.write(shuffled(values, seededRandom(1)).map((key) => put(table, { group: 'g', key }, 1)))
    return table
  }

  describe('clustering order', () => {
    it.each(CASES)('of $type$order is the order of its values, both ways', async (example) => {
      const table = await filled(example)
      const keys = async (order: 'FORWARD' | 'REVERSE'): Promise<unknown[]> =>
        (await suite.store.page(table, { partition: { group: 'g' }, limit: 100, order })).rows.map((row) => row['key'])
      const forward = example.order === '' ? example.values : example.values.toReversed()
      expect(await keys('FORWARD')).toEqual(forward)
      expect(await keys('REVERSE')).toEqual(forward.toReversed())
    })

    it.each(CASES)('of $type$order bounds ranges by value', async (example) => {
      const table = await filled(example)
      const random = seededRandom(2)
      const { values } = example
      for (let round = 0; round < 25; round += 1) {
        const from = Math.floor(random() * values.length)
        const to = from + Math.floor(random() * (values.length - from))
        const [lower, upper] = [values[from] ?? '', values[to] ?? '']
        const [withLower, withUpper] = [random() < 0.5, random() < 0.5]
        const range: ClusteringRange = {
          ...(random() < 0.8 || round === 0 ? { lower: { column: 'key', value: lower, inclusive: withLower } } : {}),
          ...(random() < 0.8 ? { upper: { column: 'key', value: upper, inclusive: withUpper } } : {}),
        }
        const expected = values.filter(
          (_, at) =>
            (range.lower === undefined || (withLower ? at >= from : at > from)) &&
            (range.upper === undefined || (withUpper ? at <= to : at < to)),
        )
        const page = await suite.store.page(table, { partition: { group: 'g' }, range, limit: 100 })
        const forward = example.order === '' ? expected : expected.toReversed()
        expect({ range, keys: page.rows.map((row) => row['key']) }).toEqual({ range, keys: forward })
      }
    })

    it('keeps a key of one value apart however it is written', async () => {
      const shape = {
        columns: { amount: 'decimal', uid: 'uuid', name: 'text' },
        partitionKey: ['amount'],
        clusteringKey: ['uid'],
      } as const
      const table = await suite.table(shape)
      await suite.store.write([put(table, { amount: '1', uid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', name: 'a' }, 1)])
      await suite.store.write([put(table, { amount: '1', uid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', name: 'b' }, 2)])
      expect(await suite.store.scan(table, { limit: 10 })).toEqual({
        rows: [{ amount: '1', uid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', name: 'b' }],
        more: false,
      })
    })
  })
}
