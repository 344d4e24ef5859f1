// Load rate: FoodMart's orders through the real ingest into a fresh place, appended, checked, written, changes appended, committed.
import { loadFile } from '../ingest/load/load-file.ts'
import { startIngest } from '../ingest/main.ts'
import { invariant } from '../platform/errors.ts'
import { openPlatform } from '../platform/main.ts'
import { createLogger } from '../platform/telemetry/logger.ts'
import { orderRecords } from '../samples/foodmart/order-records.ts'
import type { SampleRecord } from '../samples/sample-load.ts'
import type { BenchPlace, FreshPlace } from './bench-place.ts'
import type { Scenario } from './measure.ts'
import { salesProduct, stream } from './sales-load.ts'

export async function loadRateScenario(place: BenchPlace): Promise<Scenario> {
  // Made once: the mapping from FoodMart's files is no part of ingest.
  const records = await Array.fromAsync(orderRecords())
  return { name: 'load rate', round: () => place.fresh((fresh) => loadOnce(fresh, records)) }
}

async function loadOnce(
  { config, domain }: FreshPlace,
  records: readonly SampleRecord[],
): Promise<{ recordsPerSecond: number; processUs: number }> {
  const product = await salesProduct(domain)
  const logger = createLogger({ level: 'warn', readable: false, write: (line) => void process.stderr.write(line) })
  const platform = await openPlatform(config, logger)
  const ingest = await startIngest({ products: [product], ...platform, logger })
  const { log, clock } = platform
  const startedMs = clock.monotonic()
  const startedCpu = process.cpuUsage()
  const result = await loadFile({
    product,
    source: { kind: 'records', contentHash: 'bench', records: () => stream(records) },
    log,
    clock,
    ingest,
  })
  const seconds = (clock.monotonic() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(startedCpu)
  await ingest.close()
  await platform.close()
  invariant(result.written === records.length, `${result.written} of ${records.length} records were written`)
  return { recordsPerSecond: records.length / seconds, processUs: (user + system) / records.length }
}
