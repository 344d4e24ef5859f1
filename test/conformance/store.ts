// The conformance suite of the Store port: every adapter passes it, it knows none. Its rules are the comments of platform/ports/store.ts.
import { afterAll, beforeAll, describe } from 'vitest'
import { describeAtomicWrites } from './store/atomic-writes.ts'
import { describeCells } from './store/cells.ts'
import { describeDeletes } from './store/deletes.ts'
import { type StoreHarness, StoreSuite } from './store/harness.ts'
import { describeDrops } from './store/drops.ts'
import { describeIndexes } from './store/indexes.ts'
import { describeInvalidCalls } from './store/invalid-calls.ts'
import { describeKeyOrder } from './store/key-order.ts'
import { describeLifecycle } from './store/lifecycle.ts'
import { describeMerging } from './store/merging.ts'
import { describeMigrations } from './store/migrations.ts'
import { describeMoves } from './store/moves.ts'
import { describePages } from './store/pages.ts'
import { describeScans } from './store/scans.ts'
import { describeSizes } from './store/sizes.ts'
import { describeTtl } from './store/ttl.ts'
import { describeValues } from './store/values.ts'
import { describeWaves } from './store/waves.ts'

export type { OpenedStore, StoreHarness } from './store/harness.ts'

const PARTS = [
  describeCells,
  describeDeletes,
  describeMerging,
  describeValues,
  describeKeyOrder,
  describePages,
  describeScans,
  describeIndexes,
  describeSizes,
  describeWaves,
  describeTtl,
  describeMoves,
  describeAtomicWrites,
  describeMigrations,
  describeDrops,
  describeInvalidCalls,
  describeLifecycle,
] as const

/** Runs the suite on an adapter. All tests share one store, each with tables of its own. */
export function describeStore(name: string, harness: StoreHarness): void {
  describe(name, () => {
    const suite = new StoreSuite(harness)
    beforeAll(() => suite.open())
    afterAll(() => suite.close())
    for (const describePart of PARTS) describePart(suite)
  })
}
