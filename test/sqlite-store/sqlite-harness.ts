// Opens SQLite stores in directories of their own, on a clock that tests move.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import type { OpenedStore, StoreHarness } from '../conformance/store.ts'
import { ManualClock } from '../manual-clock.ts'

export function sqliteHarness(options: { readonly shards?: number }): StoreHarness {
  return {
    async open(): Promise<OpenedStore> {
      const directory = await mkdtemp(join(tmpdir(), 'meshgate-store-'))
      const clock = new ManualClock()
      let store = await openSqliteStore({ directory, clock, ...options })
      return {
        get store() {
          return store
        },
        now: () => clock.now(),
        elapse: async (ms) => clock.advance(ms),
        async reopen() {
          await store.close()
          store = await openSqliteStore({ directory, clock, ...options })
        },
        async dispose() {
          await store.close()
          await rm(directory, { recursive: true })
        },
      }
    },
  }
}
