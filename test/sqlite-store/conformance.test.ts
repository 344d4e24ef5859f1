// The embedded store under the suite of its port, with one shard and with several.
import { describeStore } from '../conformance/store.ts'
import { sqliteHarness } from './sqlite-harness.ts'

describeStore('the SQLite store', sqliteHarness({}))
describeStore('the SQLite store in three files', sqliteHarness({ shards: 3 }))
