// Load rate: FoodMart's orders through the real ingest into a fresh place, appended, checked, written, changes appended, committed.
import { loadFile } from '../ingest/load/load-file.ts'
import { startIngest } from '../ingest/main.ts'
import type { Config } from '../platform/config.ts'
import { invariant } from '../platform/errors.ts'
import { openPlatform } from '../platform/main.ts'
import { createLogger } from '../platform/telemetry/logger.ts'
import { orderRecords } from '../samples/foodmart/order-records.ts'
import type { SampleRecord } from '../samples/foodmart/foodmart-rows.ts'
import type { Product } from '../schema/model.ts'
import type { BenchPlace } from './bench-place.ts'
import type { Scenario } from './measure.ts'
import { salesProduct, stream } from './sales-load.ts'

export async function loadRateScenario(place: BenchPlace): Promise<Scenario> {
  const product = await salesProduct()
  // Made once: the mapping from FoodMart's files is no part of ingest.
  const records = await Array.fromAsync(orderRecords())
  return { name: 'load rate', round: () => place.fresh((config) => loadOnce(config, product, records)) }
}

async function loadOnce(
  config: Config,
  product: Product,
  records: readonly SampleRecord[],
): Promise<{ recordsPerSecond: number }> {
  const logger = createLogger({ level: 'warn', readable: false, write: (line) => void process.stderr.write(line) })
  const platform = await openPlatform(config, logger)
  const ingest = await startIngest({ products: [product], ...platform, logger })
  const { log, clock } = platform
  const startedMs = clock.monotonic()
  const result = await loadFile({
    product,
    source: { kind: 'records', contentHash: 'bench', records: () => stream(records) },
    log,
    clock,
    ingest,
  })
  const seconds = (clock.monotonic() - startedMs) / 1_000
  await ingest.close()
  await platform.close()
  invariant(result.written === records.length, `${result.written} of ${records.length} records were written`)
  return { recordsPerSecond: records.length / seconds }
}
