// The Cassandra store under the suite of its port, on a real server.
import { describeStore } from '../conformance/store.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { cassandraHarness } from './cassandra-harness.ts'

describeServers('on a real server', () => {
  describeStore('the Cassandra store', cassandraHarness(cassandraAddress))
})
