// Records of shipping.shipments: FoodMart's inventory rows again, as what went from a warehouse to its store. A shipment has the number of
// the movement that it was booked by.
import { digitsOf } from './foodmart-rows.ts'
import { movementRows } from './movement-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

export async function* shipmentRecords(): AsyncGenerator<SampleRecord> {
  for await (const { id, day, row } of movementRows()) {
    const value = {
      id,
      productId: digitsOf(row, 'product_id'),
      warehouseId: digitsOf(row, 'warehouse_id'),
      storeId: digitsOf(row, 'store_id'),
      shippedOn: day,
      unitsOrdered: Number(digitsOf(row, 'units_ordered')),
      unitsShipped: Number(digitsOf(row, 'units_shipped')),
      supplyDays: Number(digitsOf(row, 'supply_time')),
    }
    yield { key: id, value }
  }
}
