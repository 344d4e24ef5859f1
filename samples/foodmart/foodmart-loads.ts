// The loads of FoodMart's customers, catalog and sales.
import { classRecords } from './class-records.ts'
import { customerRecords } from './customer-records.ts'
import { foodmartFile } from './foodmart-rows.ts'
import { orderRecords } from './order-records.ts'
import { productRecords } from './product-records.ts'
import { regionRecords } from './region-records.ts'
import { storeRecords } from './store-records.ts'
import type { SampleLoad } from '../sample-load.ts'

export const foodmartLoads: readonly SampleLoad[] = [
  {
    product: 'customers/regions',
    topic: 'customers.regions',
    name: 'foodmart-regions',
    files: [foodmartFile('region')],
    records: regionRecords,
    expected: 110,
  },
  {
    product: 'sales/stores',
    topic: 'sales.stores',
    name: 'foodmart-stores',
    files: [foodmartFile('store')],
    records: storeRecords,
    expected: 25,
  },
  {
    product: 'catalog/classes',
    topic: 'catalog.classes',
    name: 'foodmart-classes',
    files: [foodmartFile('product_class')],
    records: classRecords,
    expected: 195,
  },
  {
    product: 'customers/customers',
    topic: 'customers.customers',
    name: 'foodmart-customers',
    files: [foodmartFile('customer')],
    records: customerRecords,
    expected: 10_281,
  },
  {
    product: 'catalog/products',
    topic: 'catalog.products',
    name: 'foodmart-products',
    files: [foodmartFile('product'), foodmartFile('product_class')],
    records: productRecords,
    expected: 1_560,
  },
  {
    product: 'sales/orders',
    topic: 'sales.orders',
    name: 'foodmart-orders',
    files: [foodmartFile('sales_fact_1997'), foodmartFile('time_by_day')],
    records: orderRecords,
    expected: 20_530,
  },
]
