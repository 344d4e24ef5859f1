// The mesh on real Kafka and Cassandra: a subgraph and an ingest process per domain, and a gateway.
import { SALE_PRODUCTS } from '../../../bench/processes/sale-products.ts'
import { startSeparateMesh } from '../../../bench/processes/separate-mesh.ts'
import { describeServers, startOwnCassandra, startOwnKafka } from '../../servers/test-servers.ts'
import { describeMesh } from '../mesh-rules.ts'
import { recordsIn } from './records-in.ts'

describeMesh(
  'the mesh on Kafka and Cassandra, in separate processes',
  async () => {
    // Topics have the names of the products: no other test's records may be in them.
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra({ losesSchema: true })])
    const servers = { kafka: kafka.address, cassandra: cassandra.address, keyspace: 'meshgate' }
    return {
      start: () => startSeparateMesh(servers, { products: SALE_PRODUCTS }),
      appended: () => recordsIn(kafka.address),
      // The servers are removed after the file.
      remove: () => Promise.resolve(),
    }
  },
  describeServers,
)
