// Records of inventory.warehouses (FoodMart's warehouse rows, each with its class) and of inventory.supply-plans (which warehouse supplies a
// store, and the days over which its sales are averaged).
import { digitsOf, foodmartRows, type FoodmartRow, plainRow } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

/** The 28 days that end with 1997-12-30, the last day of both the sales and the movements. */
const AVERAGED = { averageFrom: '1997-12-03', averageUntil: '1997-12-31', averageDays: 28 }

export async function* warehouseRecords(): AsyncGenerator<SampleRecord> {
  const classes = new Map<string, FoodmartRow>()
  for await (const row of foodmartRows('warehouse_class')) classes.set(digitsOf(row, 'warehouse_class_id'), row)
  for await (const row of foodmartRows('warehouse')) {
    const warehouseClass = classes.get(digitsOf(row, 'warehouse_class_id')) ?? null
    const value = { ...plainRow(row), class: warehouseClass === null ? null : plainRow(warehouseClass) }
    yield { key: digitsOf(row, 'warehouse_id'), value }
  }
}

export async function* supplyPlanRecords(): AsyncGenerator<SampleRecord> {
  for await (const row of foodmartRows('warehouse')) {
    const storeId = digitsOf(row, 'stores_id')
    yield { key: storeId, value: { storeId, warehouseId: digitsOf(row, 'warehouse_id'), ...AVERAGED } }
  }
}
