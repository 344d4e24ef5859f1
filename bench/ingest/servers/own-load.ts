// Our way: the real ingest.
import { startIngest, type IngestedBatch } from '../../../ingest/main.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import type { Product } from '../../../schema/model.ts'
import { LoadClock, type LoadFigures, type Ports, type ServerLoad } from './server-load.ts'

export async function ownLoad(load: ServerLoad, product: Product, { log, store }: Ports): Promise<LoadFigures> {
  const clock = new LoadClock(load)
  const batch = ({ written, rejected, durationMs }: IngestedBatch): void => {
    if (rejected > 0) throw new Error(`${String(rejected)} records were rejected`)
    clock.handled(written, durationMs)
  }
  const ingest = await startIngest({
    products: [product],
    log,
    store,
    clock: systemClock,
    sweep: false,
    observer: { batch },
  })
  const figures = await clock.done
  await ingest.close()
  return figures
}
