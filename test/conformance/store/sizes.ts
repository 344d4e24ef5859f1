// What no store holds: keys and indexed values beyond Cassandra's sizes. Refused alike when written, and nowhere when looked for.
import { describe, expect, it } from 'vitest'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import type { Row } from '../../../schema/row.ts'
import { put, type StoreSuite } from './harness.ts'

const KEY = schemaLimits.partitionKeyBytesMax
const INDEXED = schemaLimits.indexedValueBytesMax
const SINGLE = {
  columns: { id: 'text', part: 'text', more: 'text', label: 'text' },
  partitionKey: ['id'],
  clusteringKey: ['part desc', 'more'],
} as const
const COMPOSITE = { columns: { id: 'text', day: 'date' }, partitionKey: ['id', 'day'] } as const
const LABELLED = { columns: { id: 'text', label: 'text' }, partitionKey: ['id'], indexes: ['label', 'id'] } as const
const DAY = '2026-11-21'
/** What the other columns of the composite key and its frames take: 4 bytes of a date, three bytes a column. */
const FRAMED = KEY - 10
const x = (bytes: number): string => 'x'.repeat(bytes)

export function describeSizes(suite: StoreSuite): void {
  const expectHeld = async (shape: Parameters<StoreSuite['table']>[0], row: Row): Promise<void> => {
    const table = await suite.table(shape)
    await suite.store.write([put(table, row, 1)])
    expect(await suite.row(table, row)).toEqual(row)
  }
  const expectRefused = async (shape: Parameters<StoreSuite['table']>[0], row: Row): Promise<void> => {
    const table = await suite.table(shape)
    const refused = { code: 'STORE_ROW_INVALID', retryable: false }
    await expect(suite.store.write([put(table, row, 1)])).rejects.toMatchObject(refused)
    await expect(suite.store.writeAtomic([put(table, row, 1)])).rejects.toMatchObject(refused)
  }

  describe('a key', () => {
    it('of one column holds as many bytes as the limit, and no more', async () => {
      await expectHeld(SINGLE, { id: x(KEY), part: 'a', more: '' })
      await expectHeld(SINGLE, { id: `${'é'.repeat((KEY - 1) / 2)}x`, part: 'a', more: '' })
      await expectRefused(SINGLE, { id: x(KEY + 1), part: 'a', more: '' })
      await expectRefused(SINGLE, { id: 'é'.repeat((KEY + 1) / 2), part: 'a', more: '' })
      await expectRefused(SINGLE, { id: '😀'.repeat((KEY + 1) / 4), part: 'a', more: '' })
    })

    it('of several columns holds as many bytes together with their frames', async () => {
      await expectHeld(COMPOSITE, { id: x(FRAMED), day: DAY })
      await expectRefused(COMPOSITE, { id: x(FRAMED + 1), day: DAY })
    })

    it('of clustering columns holds as many bytes in all', async () => {
      await expectHeld(SINGLE, { id: '1', part: x(40_000), more: x(KEY - 40_000) })
      await expectRefused(SINGLE, { id: '1', part: x(40_000), more: x(KEY - 39_999) })
    })

    it('of one column of text is not empty; others may be', async () => {
      await expectHeld(COMPOSITE, { id: '', day: DAY })
      await expectHeld(SINGLE, { id: '1', part: '', more: '' })
      await expectRefused(SINGLE, { id: '', part: 'a', more: '' })
    })

    it('that cannot be stored is nowhere', async () => {
      const table = await suite.table(SINGLE)
      const { store } = suite
      const key = { part: 'a', more: '' }
      await store.write([put(table, { id: '1', ...key }, 1)])
      for (const id of [x(KEY + 1), '']) {
        expect(
          await store.read(table, [
            { id, ...key },
            { id: '1', ...key },
          ]),
        ).toEqual([null, { row: { id: '1', ...key } }])
        expect(await store.page(table, { partition: { id }, limit: 1 })).toEqual({ rows: [], more: false })
        const after = { id, ...key }
        await expect(store.scan(table, { limit: 1, after })).rejects.toMatchObject({ code: 'STORE_ROW_INVALID' })
        const remove = { kind: 'delete', table, key: after, writeTime: 1 } as const
        await expect(store.write([remove])).rejects.toMatchObject({ code: 'STORE_ROW_INVALID' })
      }
      expect(await store.read(table, [{ id: '1', part: x(KEY + 1), more: '' }])).toEqual([null])
      const composite = await suite.table(COMPOSITE)
      expect(await store.read(composite, [{ id: x(KEY + 1), day: DAY }])).toEqual([null])
      expect(await store.page(composite, { partition: { id: x(FRAMED + 1), day: DAY }, limit: 1 })).toEqual({
        rows: [],
        more: false,
      })
    })

    it('may be bounded by longer ones', async () => {
      const table = await suite.table(SINGLE)
      const rows = ['a', 'x', 'y'].map((part) => ({ id: '1', part, more: '' }))
      await suite.store.write(rows.map((row) => put(table, row, 1)))
      const page = (bound: 'lower' | 'upper'): Promise<unknown> => {
        const range = { [bound]: { column: 'part', value: x(KEY + 1), inclusive: true } }
        return suite.store.page(table, { partition: { id: '1' }, range, limit: 9 })
      }
      expect(await page('lower')).toEqual({ rows: [rows[2]], more: false })
      expect(await page('upper')).toEqual({ rows: [rows[1], rows[0]], more: false })
    })
  })

  describe('an indexed value', () => {
    it('holds as many bytes as the limit, and no more', async () => {
      const table = await suite.table(LABELLED)
      const { store } = suite
      await store.write([put(table, { id: '1', label: x(INDEXED) }, 1)])
      const find = (column: string, value: string): Promise<unknown> =>
        store.byIndex(table, { column, value, limit: 1 }).then(({ rows }) => rows.map(({ id }) => id))
      expect(await find('label', x(INDEXED))).toEqual(['1'])
      await expectRefused(LABELLED, { id: '1', label: x(INDEXED + 1) })
      await expectRefused(LABELLED, { id: '1', label: 'é'.repeat(INDEXED / 2 + 1) })
      await expectRefused(LABELLED, { id: x(INDEXED + 1) })
      expect(await find('label', x(INDEXED + 1))).toEqual([])
      expect(await find('id', x(KEY + 1))).toEqual([])
      expect(await find('id', '')).toEqual([])
      expect(await find('id', '1')).toEqual(['1'])
    })

    it('may be the empty text, in any column', async () => {
      const table = await suite.table({
        columns: { id: 'text', other: 'text', part: 'text', asc: 'text', label: 'text' },
        partitionKey: ['id', 'other'],
        clusteringKey: ['part desc', 'asc'],
        indexes: ['id', 'part', 'asc', 'label'],
      })
      const empty = { id: '', other: '', part: '', asc: '', label: '' }
      const others = ['id', 'part', 'asc', 'label'].map((column) => ({ ...empty, other: column, [column]: 'a' }))
      await suite.store.write([empty, ...others].map((row) => put(table, row, 1)))
      for (const column of ['id', 'part', 'asc', 'label'] as const) {
        const { rows } = await suite.store.byIndex(table, { column, value: '', limit: 9 })
        expect([column, rows.length, rows.some((row) => row['other'] === column)]).toEqual([column, 4, false])
      }
    })
  })

  describe('a decimal', () => {
    it('of as many digits as a product may have is held, a longer one refused', async () => {
      const digits = schemaLimits.decimalDigitsMax
      const shape = { columns: { id: 'decimal', amount: 'decimal' }, partitionKey: ['id'] } as const
      await expectHeld(shape, { id: `-${'9'.repeat(digits)}`, amount: `-0.${'0'.repeat(digits - 1)}1` })
      await expectRefused(shape, { id: '1', amount: '9'.repeat(digits * 2) })
    })
  })
}
