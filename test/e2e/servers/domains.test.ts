// Every fact of every domain on real Kafka and Cassandra: a subgraph and an ingest process per domain, and a gateway.
import { startSeparateMesh } from '../../../bench/processes/separate-mesh.ts'
import { describeDomains } from '../../domains/domain-rules.ts'
import { describeServers, startOwnCassandra, startOwnKafka } from '../../servers/test-servers.ts'

describeDomains(
  'the domains on Kafka and Cassandra, in separate processes',
  async () => {
    // Topics have the names of the products: no other test's records may be in them.
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra()])
    const servers = { kafka: kafka.address, cassandra: cassandra.address, keyspace: 'meshgate' }
    return {
      start: () => startSeparateMesh(servers),
      // The servers are removed after the file.
      remove: () => Promise.resolve(),
    }
  },
  describeServers,
)
