// A load that is not measured, once for each start of the servers: what they run often they compile, on the cores that are measured.
import { runLoad } from './run-load.ts'
import type { ServerLoad } from './server-load.ts'

const RECORDS = 60_000
const warm = new Set<string>()

export async function warmServers(servers: ServerLoad['servers']): Promise<void> {
  if (warm.has(servers.cassandra)) return
  warm.add(servers.cassandra)
  const bare = { batchRecords: 4_000, inFlight: 1_024, together: true }
  await runLoad({ product: 'orders-one-table', servers, partitions: 4, warmUpRecords: 1_000, records: RECORDS, bare })
}
