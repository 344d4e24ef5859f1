// Deletes base rows whose delete marker is older than a named grace, slowly, in the background, and goes on where it stopped. Until
// then a late record must find the marker; rows of further tables need none (see plan-writes.ts), the store forgets them by itself.
import type { Row } from '../schema/row.ts'
import { HIDDEN_COLUMNS } from '../schema/tables.ts'
import { limits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { EventLog } from '../platform/ports/event-log.ts'
import type { Store, Write } from '../platform/ports/store.ts'
import type { EntityPlan } from './entity-plan.ts'
import { lastValue, putValue, SWEEPS_TOPIC } from './internal-topics.ts'
import type { IngestLogger } from './ingest-logger.ts'

interface SweeperPorts {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly logger?: IngestLogger
  /** Whether this process is the one to sweep the entity's table: two would do the same work. Default: it is. */
  readonly isMine?: (plan: EntityPlan) => boolean
}

export class Sweeper {
  readonly #plans: readonly EntityPlan[]
  readonly #ports: SweeperPorts
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(plans: readonly EntityPlan[], ports: SweeperPorts) {
    this.#plans = plans.filter((plan) => plan.entity.readsBase)
    this.#ports = ports
    this.#running = this.#run()
  }

  /** Stops after the step in hand. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#ports
    const { signal } = this.#stop
    while (!signal.aborted && this.#plans.length > 0) {
      try {
        for (const plan of this.#plans) await this.#sweepTable(plan)
        await clock.sleep(limits.sweepIntervalMs, signal)
      } catch (error) {
        if (signal.aborted) return
        logger?.warn({ error }, 'Old delete markers could not be swept; the next pass tries again.')
        await clock.sleep(limits.sweepIntervalMs, signal).catch(() => undefined)
      }
    }
  }

  async #sweepTable(plan: EntityPlan): Promise<void> {
    const { log, store, clock, isMine = () => true } = this.#ports
    const { name } = plan.base
    const stopped = (await lastValue(log, SWEEPS_TOPIC, name)) as { after: Row | null } | null
    let after = stopped?.after ?? null
    let pages = 0
    let kept = after
    for (;;) {
      await clock.sleep(limits.sweepPauseMs, this.#stop.signal)
      // Whoever has it now goes on from the mark.
      if (!isMine(plan)) return
      const page = await store.scan(name, { limit: limits.sweepPageRows, ...(after === null ? {} : { after }) })
      const writes = page.rows.flatMap((row) => sweepOf(plan, row, clock.now() - limits.deleteMarkerGraceMs))
      if (writes.length > 0) await store.write(writes)
      const last = page.rows.at(-1)
      after = page.more && last !== undefined ? keyIn(plan, last) : null
      pages += 1
      if (after === null) break
      if (pages % limits.sweepPagesPerMark === 0) {
        await putValue(log, SWEEPS_TOPIC, name, { after })
        kept = after
      }
    }
    if (kept !== null) await putValue(log, SWEEPS_TOPIC, name, { after: null })
  }
}

function keyIn(plan: EntityPlan, row: Row): Row {
  const key: Record<string, Row[string]> = {}
  for (const column of plan.base.keyColumns) key[column] = row[column] ?? null
  return key
}

/** The delete of a row that has been deleted for longer than the grace; none for any other. */
export function sweepOf(plan: EntityPlan, row: Row, deletedBeforeMs: number): Write[] {
  const deletedAt = row[HIDDEN_COLUMNS.deletedAt]
  if (deletedAt === undefined || deletedAt === null) return []
  const deletedUs = Number(deletedAt)
  if (Number(row[HIDDEN_COLUMNS.upsertedAt] ?? -1) > deletedUs) return []
  const memory = (row[HIDDEN_COLUMNS.memory] ?? {}) as { deletedMs?: number; stamp?: number }
  if ((memory.deletedMs ?? Number.POSITIVE_INFINITY) >= deletedBeforeMs) return []
  const stamp = Math.max(memory.stamp ?? 0, deletedUs)
  // A sequence's next number may be the stamp itself: deleting up to it would hide that record.
  if (plan.source.version?.kind === 'SEQUENCE' && stamp > deletedUs) return []
  return [{ kind: 'delete', table: plan.base.name, key: keyIn(plan, row), writeTime: stamp }]
}
