// Kafka to Cassandra: our ingest beside a tuned bare loop and beside the way of most peers, each in a process of its own on a topic that is filled
// before. `node cli/run.js bench/ingest/servers.ts` runs it alone; options: run-parts.ts.
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'
import type { BareTuning } from './servers/bare-loop.ts'
import { runLoad } from './servers/run-load.ts'
import { warmServers } from './servers/warm-servers.ts'
import type { ServerProduct } from './servers/server-load.ts'

const RECORDS = 200_000
const WARM_UP_RECORDS = 10_000
const PARTITIONS = 4
/** The best of one run each of batches of 1,000 and 4,000 records and 256 to 2,048 requests in flight; where partitions are shared, of 256 and 1,024. */
const BARE: BareTuning = { batchRecords: 4_000, inFlight: 1_024, together: true }
const BARE_SHARED: BareTuning = { ...BARE, inFlight: 256 }
/** One insert per message and table, as many in flight. */
const PEERS: BareTuning = { ...BARE, together: false }

function serverPart(product: ServerProduct, about: string, timesPeers: number | null): BenchPart {
  return {
    name: `Kafka to Cassandra, ${product}`,
    about: `${about} Bare: kafkajs and cassandra-driver alone, tuned; peers: one insert per message. CPU per record of the process, and of both servers.`,
    aims: [
      { figure: 'timesBare', atLeast: 0.9 },
      ...(timesPeers === null ? [] : [{ figure: 'timesPeers', atLeast: timesPeers }]),
    ],
    servers: true,
    round: (options) => serverRound(product, options),
  }
}

export const serverParts: readonly BenchPart[] = [
  serverPart('orders-one-table', 'One table, a partition for each row.', null),
  serverPart('orders-two-tables', 'Two tables whose keys may change: ingest reads the base row first.', null),
  serverPart('orders-shared-partitions', 'One table; records share its partitions.', 3),
]

async function serverRound(product: ServerProduct, { servers, scale }: RoundOptions): Promise<Record<string, number>> {
  if (servers === null) throw new Error('This part runs on servers.')
  const task = {
    product,
    servers,
    partitions: PARTITIONS,
    warmUpRecords: Math.ceil(WARM_UP_RECORDS * Math.min(1, scale * 2)),
    records: Math.ceil(RECORDS * scale),
  }
  await warmServers(servers)
  const own = await runLoad({ ...task, bare: null })
  const bare = await runLoad({ ...task, bare: product === 'orders-shared-partitions' ? BARE_SHARED : BARE })
  const peers = await runLoad({ ...task, bare: PEERS })
  return {
    recordsPerSecond: own.recordsPerSecond,
    bareRecordsPerSecond: bare.recordsPerSecond,
    peersRecordsPerSecond: peers.recordsPerSecond,
    timesBare: own.recordsPerSecond / bare.recordsPerSecond,
    timesPeers: own.recordsPerSecond / peers.recordsPerSecond,
    cpuUs: own.cpuUs,
    bareCpuUs: bare.cpuUs,
    peersCpuUs: peers.cpuUs,
    serversCpuUs: own.kafkaCpuUs + own.cassandraCpuUs,
    bareServersCpuUs: bare.kafkaCpuUs + bare.cassandraCpuUs,
    peersServersCpuUs: peers.kafkaCpuUs + peers.cassandraCpuUs,
  }
}

if (import.meta.main) await runParts(serverParts, process.argv.slice(2))
