// The steps of a product's tables from one generation to the next, one at a time. Between two steps lies a wait longer than anybody acts on
// an old look, so that at any moment processes are at most one step apart, and every two neighbouring steps fit together:
//
//   filling   readers read the live tables, whoever has filled a part writes both
//   writing   everybody writes both, readers still read the live ones
//   switched  everybody writes both, readers find the new ones as they look
//   retired   the former are neither read nor written
//
// A further table of the live generation takes two: processes that do not know it end their batches (handing-over), then rows from before are
// copied (seeding); readers are told then that it is whole.
//
// Whoever has the first partition takes the steps; two who both believe so do no harm, since only one of two proposals holds.
import { makeLive, tellWhole } from '../../platform/generation-store.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Store } from '../../platform/ports/store.ts'
import { generationTable, type TableTimings } from '../../platform/table-generations.ts'
import { wholeTables } from './declared-tables.ts'
import type { TableLedger } from './table-ledger.ts'
import { isFilled, isHandedOver, type TablesState } from './table-state.ts'

export interface ChangeOverOptions {
  /** `domain/name`. */
  readonly product: string
  /** Declared names of its tables. */
  readonly tables: readonly string[]
  readonly ledger: TableLedger
  readonly store: Store
  readonly clock: Clock
  readonly timings: TableTimings
  /** Version of the state that readers were told of at the start. */
  readonly toldVersion: number
}

export interface ChangeOver {
  /** Takes the next step where it is time. Called now and then, with what the ledger says at that moment. */
  step(): Promise<void>
}

export function createChangeOver(options: ChangeOverOptions): ChangeOver {
  const { product, tables, ledger, store, clock, timings, toldVersion } = options
  let seen = { version: -1, sinceMs: 0 }
  /** Readers find it in the store since. */
  let told = { generation: 0, sinceMs: 0 }
  let toldWholeOf = toldVersion

  const toldReaders = async (live: number): Promise<number> => {
    if (told.generation !== live) {
      await makeLive(store, product, live)
      told = { generation: live, sinceMs: clock.monotonic() }
    }
    return clock.monotonic() - told.sinceMs
  }
  const nextOf = async (state: TablesState): Promise<Partial<TablesState> | null> => {
    const waitedMs = clock.monotonic() - seen.sinceMs
    const { building, adding, kept, live, retired, dropping } = state
    if (kept !== null) {
      if ((await toldReaders(live)) < timings.graceMs) return null
      return { kept: null, retired: [...retired, kept] }
    }
    if (dropping.length > 0 && waitedMs >= timings.stepWaitMs) {
      await store.drop(dropping.flatMap((generation) => tables.map((name) => generationTable(name, generation))))
      return { dropping: [] }
    }
    if (adding !== null) {
      if (adding.phase === 'seeding') return isFilled(ledger.of(product)) ? { adding: null } : null
      // Batches of processes that do not know the table have ended: those that looked since, by time; any other with its partition.
      if (waitedMs < timings.stepWaitMs || !isHandedOver(ledger.of(product))) return null
      return { adding: { ...adding, phase: 'seeding' } }
    }
    if (building === null || building.failed !== null) return null
    if (building.phase === 'filling') {
      return isFilled(ledger.of(product)) ? { building: { ...building, phase: 'writing' } } : null
    }
    if (waitedMs < timings.stepWaitMs) return null
    return { live: building.generation, kept: live, building: null }
  }
  return {
    async step() {
      const { state } = ledger.of(product)
      if (seen.version !== state.version) seen = { version: state.version, sinceMs: clock.monotonic() }
      if (state.declared !== null && toldWholeOf !== state.version) {
        await tellWhole(store, { product, whole: wholeTables(state), version: state.version })
        toldWholeOf = state.version
      }
      const next = await nextOf(state)
      if (next !== null) await ledger.propose(product, { ...state, ...next, version: state.version + 1 })
    },
  }
}
