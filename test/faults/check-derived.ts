// Compares a derived table with what its inputs' visible rows make, and an observer's changes with those that the derived product told.
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { visibleRows } from '../ingest/open-ports.ts'
import { checkObserver } from './check-observer.ts'
import { readChanges } from './check.ts'
import { compareRows } from './compare-rows.ts'
import type { FaultDerived } from './fault-derived.ts'
import type { Observer } from './observer.ts'

export interface DerivedState {
  readonly log: EventLog
  readonly store: Store
  readonly derived: FaultDerived
  readonly observers: readonly Observer[]
}

/** What is wrong, in words; nothing: all is as it must be. Ingest has caught up. */
export async function checkDerived({ log, store, derived, observers }: DerivedState): Promise<readonly string[]> {
  const { told, inputTables, expected } = derived
  const rows = new Map<string, readonly Row[]>()
  for (const name of inputTables) rows.set(name, await visibleRows(store, name))
  const due = expected((name) => rows.get(name) ?? [])
  const table = told.tables[0]?.name ?? ''
  const changes = await readChanges(log, told)
  return [
    ...compareRows(table, await visibleRows(store, table), due),
    ...observers.flatMap((observer) => checkObserver(observer, changes, due)),
  ].map((problem) => `${told.name}: ${problem}`)
}
