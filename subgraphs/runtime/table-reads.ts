// Rows by key for one request: keys asked for in one tick, by any number of fields, become one Store.read per table, each key once.
import DataLoader from 'dataloader'
import type { Row } from '../../schema/row.ts'
import { isRowVisible } from '../../schema/row-visibility.ts'
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import { cellOf, pick, type ServedTable } from './served-product.ts'

export interface TableReads {
  /** The visible row, null where none is. `key` holds every key column of the table. */
  get(table: ServedTable, key: Row): Promise<Row | null>
}

type RowLoader = DataLoader<Row, Row | null, string>

function createLoader(store: Store, table: ServedTable): RowLoader {
  return new DataLoader<Row, Row | null, string>(
    async (keys) => {
      const found = await store.read(table.name, keys)
      return found.map((stored) => (stored !== null && isRowVisible(stored.row) ? stored.row : null))
    },
    {
      maxBatchSize: limits.readKeysMax,
      cacheKeyFn: (key) => JSON.stringify(table.keyColumns.map((column) => cellOf(key, column))),
    },
  )
}

export function createTableReads(store: Store): TableReads {
  const loaders = new Map<string, RowLoader>()
  return {
    get(table, key) {
      let loader = loaders.get(table.name)
      if (loader === undefined) {
        loader = createLoader(store, table)
        loaders.set(table.name, loader)
      }
      return loader.load(pick(key, table.keyColumns))
    },
  }
}
