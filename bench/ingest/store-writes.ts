// What a durable row costs the embedded store: rate, and CPU by thread, for sequential and random keys and growing batches.
// Alone: node bench/ingest/store-writes.ts 0.25 1
import type { PutWrite } from '../../platform/ports/store.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'
import { cpuPerRow, openStore, orderWrites, ordersTable, type KeyOrder, type OpenedStore } from './store-load.ts'

const ROWS = 400_000
const BATCHES = [1_000, 4_000, 16_000] as const
const CUSTOMERS = 10_000
/** Batches in hand at a time: as many partitions as a process works at. */
const IN_FLIGHT = 2

export const storeWrites: BenchPart = {
  name: 'embedded store, writes',
  about:
    'Rows of about 250 bytes with two nested lines, put whole into one table, durable; two batches in hand. Rows a second, and µs of CPU a ' +
    'row by thread (all: garbage collection and compiling included), for sequential and random ids and batches of 1,000, 4,000 and 16,000.',
  aims: [
    { figure: 'sequential16000AllUs', atMost: 10 },
    { figure: 'random16000AllUs', atMost: 10 },
  ],
  servers: false,
  async round(options) {
    const figures: Record<string, number> = {}
    for (const order of ['sequential', 'random'] as const) {
      for (const batch of BATCHES) Object.assign(figures, await writesOf(order, batch, options))
    }
    return figures
  },
}

async function writesOf(
  order: KeyOrder,
  batch: number,
  { scale, print }: RoundOptions,
): Promise<Readonly<Record<string, number>>> {
  const opened = await openStore()
  try {
    await opened.store.migrate([ordersTable('orders')])
    const rows = Math.max(batch * 4, Math.round(ROWS * scale))
    let seconds = 0
    let [main, writer, all] = [0, 0, 0]
    // Rows are made outside the clock, some at a time.
    const step = batch * 4
    for (let from = 0; from < rows; from += step) {
      const writes = orderWrites('orders', { from, count: step, customers: CUSTOMERS }, order)
      const before = await opened.cpu()
      const began = performance.now()
      await writeAll(opened, writes, batch)
      seconds += (performance.now() - began) / 1_000
      const cpu = cpuPerRow(before, await opened.cpu(), 1)
      main += cpu.main
      writer += cpu.writer
      all += cpu.all
    }
    const written = Math.ceil(rows / step) * step
    const name = `${order}${batch}`
    const figures = {
      [`${name}RowsPerSecond`]: written / seconds,
      [`${name}MainUs`]: main / written,
      [`${name}WriterUs`]: writer / written,
      [`${name}AllUs`]: all / written,
    }
    print(
      `${order}, ${batch} a batch: ${Math.round(written / seconds)} rows/s, ` +
        `main ${(main / written).toFixed(1)}, writer ${(writer / written).toFixed(1)}, all ${(all / written).toFixed(1)} µs a row`,
    )
    return figures
  } finally {
    await opened.dispose()
  }
}

async function writeAll({ store }: OpenedStore, writes: readonly PutWrite[], batch: number): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < writes.length) {
      const start = next
      next += batch
      await store.write(writes.slice(start, start + batch))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

if (import.meta.main) await runParts([storeWrites], process.argv.slice(2))
