// The Cassandra store under the suite of its port, on a real server.
import { describeStore } from '../conformance/store.ts'
import { cassandraHarness } from './cassandra-harness.ts'

describeStore(
  'the Cassandra store',
  cassandraHarness(() => Promise.resolve('127.0.0.1:19142')),
)
