// `node cli/run.js bench/ingest/run.ts`: every part of the ingest bench in one run, rounds alternating, written to `results/`. Options: run-parts.ts.
import { oneTable, oneTableRandom, twoTables, twoTablesRandom } from './embedded.ts'
import { growth } from './growth.ts'
import { latencyEmbedded, latencyServers, latencyServersSlower } from './latency.ts'
import { reads } from './reads.ts'
import { writeResults } from './results.ts'
import { runParts } from './run-parts.ts'
import { serverParts } from './servers.ts'
import { serverReads } from './servers-reads.ts'
import { serverPartitions, serverProcesses } from './servers-scaling.ts'
import { storeWrites } from './store-writes.ts'

const embedded = [oneTable, oneTableRandom, twoTables, twoTablesRandom, latencyEmbedded, reads, storeWrites, growth]
const onServers = [...serverParts, latencyServersSlower, latencyServers, serverReads, serverPartitions, serverProcesses]
const results = await runParts([...embedded, ...onServers], process.argv.slice(2))
await writeResults('Ingest and stores', results, new URL('results/', import.meta.url))
