// What `meshgate dev` and `meshgate sample` load: every domain's loads, in an order that never changes. Small ones that derived products join
// with come before the rows they are joined to, which then need not be looked at again.
import { financeLoads } from './finance-loads.ts'
import { foodmartLoads } from './foodmart/foodmart-loads.ts'
import { inventoryLoads } from './inventory-loads.ts'
import { opinionLoads, promotionLoads } from './marketing-loads.ts'
import { shippingLoads } from './shipping-loads.ts'
import { supportLoads } from './support-loads.ts'
import { telemetryLoads } from './telemetry-loads.ts'
import type { SampleLoad } from './sample-load.ts'

export const sampleLoads: readonly SampleLoad[] = [
  ...inventoryLoads,
  ...shippingLoads,
  ...promotionLoads,
  ...foodmartLoads,
  ...opinionLoads,
  ...supportLoads,
  ...financeLoads,
  ...telemetryLoads,
]
