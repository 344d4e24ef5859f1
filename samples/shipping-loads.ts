// The loads of the shipping domain.
import { foodmartFile } from './foodmart/foodmart-rows.ts'
import { shipmentRecords } from './foodmart/shipment-records.ts'
import { weatherFile, weatherRecords } from './weather/weather-records.ts'
import type { SampleLoad } from './sample-load.ts'

export const shippingLoads: readonly SampleLoad[] = [
  {
    product: 'shipping/weather',
    topic: 'shipping.weather',
    name: 'seattle-weather',
    files: [weatherFile],
    records: weatherRecords,
    expected: 1_461,
  },
  {
    product: 'shipping/shipments',
    topic: 'shipping.shipments',
    name: 'foodmart-shipments',
    files: [foodmartFile('inventory_fact_1997'), foodmartFile('time_by_day')],
    records: shipmentRecords,
    expected: 4_070,
  },
]
