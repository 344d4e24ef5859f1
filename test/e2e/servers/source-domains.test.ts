// Facts of every domain on real Kafka and Cassandra, in every run; domains.test.ts has all of them.
import { startSeparateMesh } from '../../../bench/processes/separate-mesh.ts'
import { describeDomains } from '../../domains/domain-rules.ts'
import { SOURCE_PRODUCTS, sourceFacts } from '../../domains/source-facts.ts'
import { describeServers, startOwnCassandra, startOwnKafka } from '../../servers/test-servers.ts'

describeDomains(
  'facts of every domain on Kafka and Cassandra, in separate processes',
  async () => {
    // Topics have the names of the products: no other test's records may be in them.
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra({ losesSchema: true })])
    const servers = { kafka: kafka.address, cassandra: cassandra.address, keyspace: 'meshgate' }
    return {
      // Each reads what the other ingests.
      start: () => startSeparateMesh(servers, { products: SOURCE_PRODUCTS, processes: { ingest: 2, subgraphs: 1 } }),
      // The servers are removed after the file.
      remove: () => Promise.resolve(),
    }
  },
  { describeIt: describeServers, facts: sourceFacts },
)
