// The loads of the support domain, all generated.
import { purchaseFiles } from './foodmart/purchases.ts'
import type { SampleLoad } from './sample-load.ts'
import { interactionRecords, ticketRecords } from './support/support-records.ts'

/** Their texts decide what is generated. */
const generatorFiles: readonly URL[] = ['complaints', 'support-records', 'ticket-history'].map(
  (name) => new URL(`./support/${name}.ts`, import.meta.url),
)

export const supportLoads: readonly SampleLoad[] = [
  {
    product: 'support/tickets',
    topic: 'support.tickets',
    name: 'generated-tickets',
    files: [...purchaseFiles, ...generatorFiles],
    records: ticketRecords,
    expected: 9_444,
  },
  {
    product: 'support/interactions',
    topic: 'support.interactions',
    name: 'generated-interactions',
    files: [...purchaseFiles, ...generatorFiles],
    records: interactionRecords,
    expected: 6_018,
  },
]
