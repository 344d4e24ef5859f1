// Every fact of every domain on real Kafka and Cassandra, in separate processes. The whole sample takes ten minutes there on two busy cores, so it is
// run where it is asked for: MESHGATE_DOMAINS_ON_SERVERS=1. What every run shows is in source-domains.test.ts.
import { describe } from 'vitest'
import { startSeparateMesh } from '../../../bench/processes/separate-mesh.ts'
import { describeDomains } from '../../domains/domain-rules.ts'
import { describeServers, startOwnCassandra, startOwnKafka } from '../../servers/test-servers.ts'

const isWanted = process.env['MESHGATE_DOMAINS_ON_SERVERS'] === '1'
if (!isWanted) {
  process.stderr.write('The domains are not tried on servers: MESHGATE_DOMAINS_ON_SERVERS=1 does it.\n')
}

describeDomains(
  'the domains on Kafka and Cassandra, in separate processes',
  async () => {
    // Topics have the names of the products: no other test's records may be in them.
    // They have minutes of work, which they do in less where they are compiled for it.
    const compiled = { quickStart: false }
    const own = [startOwnKafka(compiled), startOwnCassandra({ ...compiled, losesSchema: true })] as const
    const [kafka, cassandra] = await Promise.all(own)
    const servers = { kafka: kafka.address, cassandra: cassandra.address, keyspace: 'meshgate' }
    return {
      // Each reads what the other ingests. Ten of each would have two cores start processes for a minute.
      start: () => startSeparateMesh(servers, { processes: { ingest: 2, subgraphs: 1 } }),
      // The servers are removed after the file.
      remove: () => Promise.resolve(),
    }
  },
  { describeIt: isWanted ? describeServers : describe.skip },
)
