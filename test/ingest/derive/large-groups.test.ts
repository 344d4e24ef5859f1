// Groups that a process must not go over as a whole, on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import { FOLD_GROUPS, STATE_MEMBER } from '../../../ingest/derive/fold-tables.ts'
import { memberDelete, memberWrite } from '../../../ingest/derive/group-rows.ts'
import { limits } from '../../../platform/limits.ts'
import { cellText } from '../../../schema/row.ts'
import { allRows, openPorts, visibleRows } from '../open-ports.ts'
import {
  expectedRows,
  itemRecord,
  items,
  orderRecord,
  orders,
  removal,
  startMesh,
  totalsProduct,
} from './sales-mesh.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Contributions of one row: many, so that few rows make a group too large. They are counted, and never looked at. */
const OF_A_ROW = 20_000

test(
  'a group too large to be folded anew is named and not told, and goes on once it is smaller',
  { timeout: 180_000 },
  async () => {
    const ports = await openPorts()
    closing.push(() => ports.close())
    const retried: string[] = []
    const observer = { retry: ({ code }: { readonly code: string }) => void retried.push(code) }
    const ingest = await startMesh(ports, { products: [orders, items, totalsProduct()], observer })
    closing.push(() => ingest.close())
    const order = (id: string, amount: string) => {
      const lines = [{ item: 'tea', amount }]
      return orderRecord({ id, shop: 'north', placedAt: '2026-01-02T03:04:05.000Z', lines })
    }
    await ports.log.append('tests.items', [itemRecord({ id: 'tea', category: 'drinks' })])
    await ports.log.append('tests.orders', [order('1', '1'), order('2', '2')])
    await ingest.caughtUp()
    const rows = (): ReturnType<typeof visibleRows> => visibleRows(ports.store, 'totals')
    const before = await rows()
    expect(before).toEqual((await expectedRows(ports.store)).totals)

    const state = (await allRows(ports.store, FOLD_GROUPS.name)).find(({ member }) => member === STATE_MEMBER)
    const [fold, group] = [cellText(state?.['fold']), cellText(state?.['group'])]
    const packed = Array.from({ length: OF_A_ROW }, () => [null, '', {}] as const)
    const text = JSON.stringify(packed)
    const many = Array.from({ length: limits.foldRefoldContributionsMax / OF_A_ROW + 1 }, (_, each) => {
      return { fold, group, member: `0:many-${each}` }
    })
    for (const at of many) await ports.store.write([memberWrite(at, { offset: 0, packed, text, writeTime: 1 })])

    // Of all that is left the least is looked for.
    await ports.log.append('tests.orders', [removal('1')])
    await expect.poll(() => retried).toContain('FOLD_GROUP_TOO_LARGE')
    expect(await rows()).toEqual(before)

    await ports.store.write(many.map((at) => memberDelete(at, 2)))
    await ingest.caughtUp()
    expect(await rows()).toEqual((await expectedRows(ports.store)).totals)
  },
)
