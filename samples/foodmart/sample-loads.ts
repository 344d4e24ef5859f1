// What `meshgate dev` loads: the records of each topic of the sample, from the files shipped here, in an order that never changes.
import { customerRecords } from './customer-records.ts'
import { foodmartFile, type SampleRecord } from './foodmart-rows.ts'
import { orderRecords } from './order-records.ts'
import { productRecords } from './product-records.ts'

/** One load. */
export interface SampleLoad {
  /** `domain/name` of the product. */
  readonly product: string
  readonly topic: string
  /** Name of the load: what its progress is kept under. */
  readonly name: string
  /** The files that it reads: their content is the load's identity. */
  readonly files: readonly URL[]
  records(): AsyncIterable<SampleRecord>
  /** How many records there are. */
  readonly expected: number
}

export const sampleLoads: readonly SampleLoad[] = [
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
