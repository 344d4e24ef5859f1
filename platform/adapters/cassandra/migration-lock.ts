// One migration of a keyspace at a time, over all processes: two nodes that change one table at the same moment may make two of it. The
// lock ends by itself where its holder dies; no clock decides who holds it, only the servers' counting of seconds when it is free again.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { onceDecided } from './keyspace-schema.ts'
import type { Outcome, TableCatalog } from './table-catalog.ts'

const NAME = 'migration'

export interface LockContext {
  readonly catalog: TableCatalog
  readonly clock: Clock
  /** Tells this holder from others. */
  readonly holder: string
  readonly signal: AbortSignal
}

/** Runs `work` under the lock. `renew` makes sure that it is still held, and for long enough for one change of the schema. */
export async function underMigrationLock<T>(
  context: LockContext,
  work: (renew: () => Promise<void>) => Promise<T>,
): Promise<T> {
  await acquire(context)
  try {
    return await work(() => renew(context))
  } finally {
    // Left behind it would end by itself.
    await context.catalog.remove('lock', NAME, context.holder).catch(() => undefined)
  }
}

async function acquire(context: LockContext): Promise<void> {
  const { clock, holder, signal } = context
  const startedAt = clock.monotonic()
  for (;;) {
    const outcome = await tryInsert(context)
    if (outcome.applied) return
    // An attempt that seemed to fail had taken it.
    if (outcome.found === holder) return renew(context)
    if (clock.monotonic() - startedAt > limits.storeLockWaitMs) {
      const message = `Another process (${outcome.found ?? 'unknown'}) has been migrating for ${limits.storeLockWaitMs} ms: retry with backoff.`
      throw new MeshgateError('STORE_UNAVAILABLE', message)
    }
    await clock.sleep(limits.storeLockPollMs, signal)
  }
}

async function tryInsert({ catalog, holder }: LockContext): Promise<Outcome> {
  try {
    return await catalog.insert('lock', NAME, { value: holder, ttlSeconds: limits.storeLockSeconds })
  } catch (error) {
    // Contention shows as a time limit of the server, and may have been applied: the next look tells.
    if (error instanceof MeshgateError && error.retryable) return { applied: false, found: null }
    throw error
  }
}

async function renew(context: LockContext): Promise<void> {
  const { catalog, holder } = context
  const write = { value: holder, before: holder, ttlSeconds: limits.storeLockSeconds }
  const outcome = await onceDecided(context, () => catalog.replace('lock', NAME, write))
  if (outcome.applied) return
  const message = `The lock of migrations passed to another process (${outcome.found ?? 'unknown'}): retry.`
  throw new MeshgateError('STORE_UNAVAILABLE', message)
}
