// Calls that do not fit their table or exceed a limit: refused by a code, in words that name table, column and value.
import { describe, expect, it } from 'vitest'
import type { Row, Value } from '../../../schema/row.ts'
import { limits } from '../../../platform/limits.ts'
import type { PutWrite, Write } from '../../../platform/ports/store.ts'
import { EVERY_TYPE, put, type StoreSuite } from './harness.ts'

const WRONG: Readonly<Record<string, readonly Value[]>> = {
  name: [1, true, ['a']],
  count: ['1', 1.5, 2_147_483_648, Number.NaN],
  big: [1, '1.0', '9223372036854775808', ''],
  ratio: ['1', Number.POSITIVE_INFINITY],
  flag: ['true', 0],
  amount: [1.5, '1e3', 'abc', '', '.5'],
  at: ['2026-01-01', '2026-02-30T00:00:00.000Z', 'now', 0],
  day: ['2026-1-1', '2026-02-30', '2026-01-01T00:00:00.000Z'],
  uid: ['f47ac10b', 7],
}
const CASES = Object.entries(WRONG).flatMap(([column, values]) => values.map((value) => ({ column, value })))
const CLUSTERED = {
  columns: { id: 'text', at: 'int', part: 'text' },
  partitionKey: ['id'],
  clusteringKey: ['at', 'part'],
} as const

export function describeInvalidCalls(suite: StoreSuite): void {
  const failure = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'it was accepted',
      (error: unknown) => error,
    )

  describe('an invalid call', () => {
    it.each(CASES)(
      'that puts $value into $column is refused, naming table, column and value',
      async ({ column, value }) => {
        const table = await suite.table(EVERY_TYPE)
        const error = await failure(suite.store.write([put(table, { id: '1', [column]: value }, 1)]))
        expect(error).toMatchObject({ code: 'STORE_ROW_INVALID', retryable: false })
        const shown = typeof value === 'number' ? String(value) : JSON.stringify(value)
        for (const part of [table, column, shown]) expect(String(error)).toContain(part)
        expect(await suite.row(table, { id: '1' })).toBeNull()
      },
    )

    it('that lacks a key column is refused, for every kind of call', async () => {
      const table = await suite.table(CLUSTERED)
      const { store } = suite
      const key: Row = { id: '1', at: 1 }
      const calls = [
        store.write([put(table, key, 1)]),
        store.write([put(table, { ...key, part: null }, 1)]),
        store.write([{ kind: 'delete', table, key, writeTime: 1 }]),
        store.writeAtomic([put(table, key, 1)]),
        store.read(table, [key]),
        store.page(table, { partition: {}, limit: 1 }),
        store.page(table, { partition: { id: '1' }, limit: 1, after: { at: 1 } }),
        store.scan(table, { limit: 1, after: key }),
      ]
      for (const call of calls)
        expect(await failure(call)).toMatchObject({ code: 'STORE_ROW_INVALID', retryable: false })
    })

    it('with an unknown column or a wrong write time is refused', async () => {
      const table = await suite.table(EVERY_TYPE)
      const valid: PutWrite = put(table, { id: '1', name: 'a' }, 1)
      const wrong: Write[] = [
        put(table, { id: '1', nothing: 1 }, 1),
        put(table, { id: '1', nothing: null }, 1),
        { ...valid, writeTime: -1 },
        { ...valid, writeTime: 1.5 },
        { ...valid, writeTime: 2 ** 53 },
        { ...valid, writeTimes: { name: -1 } },
        { ...valid, writeTimes: { count: 1 } },
      ]
      for (const write of wrong) {
        expect(await failure(suite.store.write([write]))).toMatchObject({ code: 'STORE_ROW_INVALID', retryable: false })
      }
    })

    it('on an unknown table is refused', async () => {
      const { store } = suite
      const calls = [
        store.write([put('nowhere', { id: '1' }, 1)]),
        store.writeAtomic([put('nowhere', { id: '1' }, 1)]),
        store.read('nowhere', [{ id: '1' }]),
        store.read('nowhere', []),
        store.page('nowhere', { partition: { id: '1' }, limit: 1 }),
        store.scan('nowhere', { limit: 1 }),
        store.byIndex('nowhere', { column: 'a', value: 1, limit: 1 }),
      ]
      for (const call of calls) expect(await failure(call)).toMatchObject({ code: 'STORE_TABLE_UNKNOWN' })
    })

    it('beyond a limit or the order of the table is refused', async () => {
      const table = await suite.table(CLUSTERED)
      const { store } = suite
      const page = { partition: { id: '1' }, limit: 1 }
      const bound = { value: 'a', inclusive: true }
      const calls = [
        store.scan(table, { limit: 0 }),
        store.scan(table, { limit: limits.pageRowsMax + 1 }),
        store.page(table, { ...page, limit: 0 }),
        store.page(table, { ...page, range: { equal: { part: 'a' } } }),
        store.page(table, { ...page, range: { lower: { column: 'part', ...bound } } }),
        store.page(table, { ...page, range: { equal: { at: 1 }, upper: { column: 'at', ...bound } } }),
        store.byIndex(table, { column: 'part', value: 'a', limit: 1 }),
        store.read(
          table,
          Array.from({ length: limits.readKeysMax + 1 }, () => ({ id: '1', at: 1, part: 'a' })),
        ),
      ]
      for (const call of calls)
        expect(await failure(call)).toMatchObject({ code: 'STORE_REQUEST_INVALID', retryable: false })
    })

    it('that cannot write one of many rows writes none of them, whatever their tables and partitions', async () => {
      const [table, other] = [await suite.table(EVERY_TYPE), await suite.table(CLUSTERED)]
      const fitting = Array.from({ length: 2 * limits.storeMessageRowsMax }, (_, index): Write =>
        index % 2 === 0 ? put(table, { id: `i${index}` }, 1) : put(other, { id: `i${index}`, at: 1, part: 'p' }, 1),
      )
      const error = await failure(suite.store.write([...fitting, put(other, { id: 'last', at: 'late', part: 'p' }, 1)]))
      expect(error).toMatchObject({ code: 'STORE_ROW_INVALID' })
      expect(await suite.store.scan(table, { limit: 10 })).toEqual({ rows: [], more: false })
      expect(await suite.store.scan(other, { limit: 10 })).toEqual({ rows: [], more: false })
    })

    it('does not stop the calls beside it', async () => {
      const table = await suite.table(EVERY_TYPE)
      const calls = ['1', 2, '3', 4, '5'].map((id) => failure(suite.store.write([put(table, { id }, 1)])))
      const outcomes = (await Promise.all(calls)).map((outcome) => outcome instanceof Error)
      expect(outcomes).toEqual([false, true, false, true, false])
      const found = await suite.store.read(table, [{ id: '1' }, { id: '3' }, { id: '5' }])
      expect(found).toEqual(['1', '3', '5'].map((id) => ({ row: { id } })))
    })
  })
}
