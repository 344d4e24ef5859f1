// Our gateway and an embedded log that is appended to, in one process, as `meshgate dev` has them: how long an append takes until it is
// durable, alone and beside hostile operations. A planner that fills the thread pool would hold back the log's fsync.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { startGateway, type Gateway } from '../../../gateway/main.ts'
import { openEmbeddedLog } from '../../../platform/adapters/embedded-log/embedded-log.ts'
import type { EventLog } from '../../../platform/ports/event-log.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import { LatencyHistogram } from '../load/latency-histogram.ts'
import { hostileOperation } from './hostile-operation.ts'
import type { Windows } from './run-round.ts'

export interface AppendsOrder extends Windows {
  /** File of the supergraph. */
  readonly supergraph: string
}

export type AppendsReport = Readonly<Record<string, number>>

const TOPIC = 'bench.appends'
const RECORD = { key: Buffer.from('key'), value: Buffer.alloc(238, 'x') }
/** So that what is measured is an append's own time, not a queue. */
const PAUSE_MS = 5
const HOSTILE_IN_FLIGHT = 5

process.on('message', (order: AppendsOrder) => void measure(order).then((report) => process.send?.(report)))
process.on('disconnect', () => process.exit())

async function measure({ supergraph, windowMs, warmUpMs }: AppendsOrder): Promise<AppendsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-'))
  const log = await openEmbeddedLog({ directory, clock: systemClock })
  const mesh = { supergraphSdl: await readFile(supergraph, 'utf8') }
  const gateway = await startGateway({ mesh, port: 0, logger: pino({ level: 'silent' }) })
  try {
    await log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
    await appendFor(log, warmUpMs)
    const alone = await appendFor(log, windowMs)
    const hostile = { number: 0, isOver: false }
    const asking = Array.from({ length: HOSTILE_IN_FLIGHT }, () => askHostile(gateway, hostile))
    const beside = await appendFor(log, windowMs)
    hostile.isOver = true
    await Promise.all(asking)
    return {
      aloneP50Ms: alone.quantile(0.5),
      aloneP99Ms: alone.quantile(0.99),
      besideP50Ms: beside.quantile(0.5),
      besideP99Ms: beside.quantile(0.99),
      hostilePerSecond: hostile.number / (windowMs / 1000),
      wrong: 0,
      failed: 0,
    }
  } finally {
    await gateway.close()
    await log.close()
    await rm(directory, { recursive: true })
  }
}

async function appendFor(log: EventLog, ms: number): Promise<LatencyHistogram> {
  const histogram = new LatencyHistogram()
  const endsAt = performance.now() + ms
  while (performance.now() < endsAt) {
    const startedAt = performance.now()
    await log.append(TOPIC, [RECORD])
    histogram.record(performance.now() - startedAt)
    await sleep(PAUSE_MS)
  }
  return histogram
}

async function askHostile(gateway: Gateway, state: { number: number; isOver: boolean }): Promise<void> {
  while (!state.isOver) {
    state.number += 1
    await gateway.engine().execute({ query: hostileOperation(state.number) })
    // What is refused at once must not keep the loop for itself.
    await sleep(1)
  }
}
