// Records of inventory.movements: FoodMart's inventory rows as they stand, with their number and day. Money goes by its digits.
import { type MovementRow, movementRows } from './movement-rows.ts'
import { digitsOf, type FoodmartRow } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

const TEXT_COLUMNS = ['product_id', 'warehouse_id', 'store_id', 'warehouse_sales', 'warehouse_cost', 'store_invoice']
const NUMBER_COLUMNS = ['units_ordered', 'units_shipped', 'supply_time']

const cells = (row: FoodmartRow, columns: readonly string[], cellOf: (digits: string) => string | number) =>
  Object.fromEntries(columns.map((column) => [column, cellOf(digitsOf(row, column))]))

const recordOf = ({ id, day, row }: MovementRow): SampleRecord => ({
  key: id,
  value: { id, day, ...cells(row, TEXT_COLUMNS, String), ...cells(row, NUMBER_COLUMNS, Number) },
})

export async function* movementRecords(): AsyncGenerator<SampleRecord> {
  for await (const movement of movementRows()) yield recordOf(movement)
}
