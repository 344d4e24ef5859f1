// The loads of the inventory domain. Plans come before movements, so that stock need not be computed twice.
import { foodmartFile } from './foodmart/foodmart-rows.ts'
import { movementRecords } from './foodmart/movement-records.ts'
import { supplyPlanRecords, warehouseRecords } from './foodmart/warehouse-records.ts'
import type { SampleLoad } from './sample-load.ts'

export const inventoryLoads: readonly SampleLoad[] = [
  {
    product: 'inventory/warehouses',
    topic: 'inventory.warehouses',
    name: 'foodmart-warehouses',
    files: [foodmartFile('warehouse'), foodmartFile('warehouse_class')],
    records: warehouseRecords,
    expected: 24,
  },
  {
    product: 'inventory/warehouses',
    topic: 'inventory.supply-plans',
    name: 'foodmart-supply-plans',
    files: [foodmartFile('warehouse'), new URL('foodmart/warehouse-records.ts', import.meta.url)],
    records: supplyPlanRecords,
    expected: 24,
  },
  {
    product: 'inventory/movements',
    topic: 'inventory.movements',
    name: 'foodmart-movements',
    files: [foodmartFile('inventory_fact_1997'), foodmartFile('time_by_day')],
    records: movementRecords,
    expected: 4_070,
  },
]
