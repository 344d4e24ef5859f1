// The real embedded log and store in a directory of the test's own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import type { Row } from '../../schema/row.ts'
import { HIDDEN_COLUMNS } from '../../schema/tables.ts'

export interface TestPorts {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly directory: string
  /** Closes both and opens them on the same directory again. */
  reopen(): Promise<TestPorts>
  close(): Promise<void>
}

export async function openPorts(directory?: string, clock: Clock = systemClock): Promise<TestPorts> {
  const own = directory ?? (await mkdtemp(join(tmpdir(), 'meshgate-ingest-')))
  const [log, store] = await Promise.all([
    openEmbeddedLog({ directory: join(own, 'log'), clock }),
    openSqliteStore({ directory: join(own, 'store'), clock }),
  ])
  const close = async (): Promise<void> => {
    await log.close()
    await store.close()
  }
  return {
    log,
    store,
    clock,
    directory: own,
    async reopen() {
      await close()
      return openPorts(own, clock)
    },
    async close() {
      await close()
      await rm(own, { recursive: true, force: true })
    },
  }
}

/** Every row of a table that a query would see, without the hidden columns. */
export async function visibleRows(store: Store, table: string): Promise<Row[]> {
  const hidden = new Set<string>(Object.values(HIDDEN_COLUMNS))
  return (await allRows(store, table)).filter(isVisible).map((row) => {
    return Object.fromEntries(Object.entries(row).filter(([column, value]) => !hidden.has(column) && value !== null))
  })
}

export async function allRows(store: Store, table: string): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const after = rows.at(-1)
    const page = await store.scan(table, { limit: 1_000, ...(after === undefined ? {} : { after }) })
    rows.push(...page.rows)
    if (!page.more) return rows
  }
}

function isVisible(row: Row): boolean {
  const deletedAt = row[HIDDEN_COLUMNS.deletedAt] ?? null
  return deletedAt === null || Number(row[HIDDEN_COLUMNS.upsertedAt] ?? -1) > Number(deletedAt)
}

/** All records of a topic, partition after partition. */
export async function allRecords(log: EventLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    let offset = earliest
    while (offset < next) {
      const read = await log.read({ topic, partition, offset }, 1_000)
      const last = read.at(-1)
      if (last === undefined) break
      records.push(...read)
      offset = last.offset + 1
    }
  }
  return records
}

/** Rows in the order of their ids. */
export function byId(rows: readonly Row[]): Row[] {
  const idOf = (row: Row): string => JSON.stringify(row['id'])
  return rows.toSorted((left, right) => (idOf(left) < idOf(right) ? -1 : 1))
}

export function jsonOf(record: LogRecord): unknown {
  return record.value === null ? null : (JSON.parse(Buffer.from(record.value).toString()) as unknown)
}
