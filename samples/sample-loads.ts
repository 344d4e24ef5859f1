// What `meshgate dev` and `meshgate sample` load: every domain's loads, in an order that never changes.
import { financeLoads } from './finance-loads.ts'
import { foodmartLoads } from './foodmart/foodmart-loads.ts'
import type { SampleLoad } from './sample-load.ts'

export const sampleLoads: readonly SampleLoad[] = [...foodmartLoads, ...financeLoads]
