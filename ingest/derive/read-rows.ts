// The visible rows of inputs and joined entities, by the texts of their keys: one wave per entity.
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { isRowVisible } from '../../schema/row-visibility.ts'
import type { FoldPlan } from './fold-plan.ts'

export interface RowOfRead {
  /** Index in `CompiledFold.reads`. */
  readonly read: number
  readonly keyText: string
}

/** No row is left where rows may end by themselves. One that was deleted or moved stays for a while, and says so. */
export const ENDED = 'ENDED'

/** In the order asked; null where there is no such row that is visible. */
export async function readRows(
  store: Store,
  plan: FoldPlan,
  wanted: readonly RowOfRead[],
): Promise<(Row | null | typeof ENDED)[]> {
  const rows: (Row | null | typeof ENDED)[] = Array.from({ length: wanted.length }, () => null)
  const waves = plan.reads.map(async ({ index, table, keyOf, rowsEnd }) => {
    const keys: Row[] = []
    const places: number[] = []
    wanted.forEach(({ read, keyText }, at) => {
      const key = read === index ? keyOf(keyText) : null
      if (key === null) return
      keys.push(key)
      places.push(at)
    })
    for (let from = 0; from < keys.length; from += limits.readKeysMax) {
      const found = await store.read(table, keys.slice(from, from + limits.readKeysMax))
      found.forEach((stored, at) => {
        const place = places[from + at]
        if (place === undefined) return
        if (stored === null) rows[place] = rowsEnd ? ENDED : null
        else if (isRowVisible(stored.row)) rows[place] = stored.row
      })
    }
  })
  await Promise.all(waves)
  return rows
}
