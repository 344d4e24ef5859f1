// `node cli/run.js bench/ingest/run.ts`: every part of the ingest bench in one run, rounds alternating, written to `results/`. Options: run-parts.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { oneTable, oneTableRandom, twoTables, twoTablesRandom } from './embedded.ts'
import { growth } from './growth.ts'
import { latencyEmbedded, latencyServers, latencyServersSlower } from './latency.ts'
import { reads } from './reads.ts'
import { markdownOf } from './results.ts'
import { runParts } from './run-parts.ts'
import { serverParts } from './servers.ts'
import { serverReads } from './servers-reads.ts'
import { serverPartitions, serverProcesses } from './servers-scaling.ts'
import { storeWrites } from './store-writes.ts'

const embedded = [oneTable, oneTableRandom, twoTables, twoTablesRandom, latencyEmbedded, reads, storeWrites, growth]
const onServers = [...serverParts, latencyServersSlower, latencyServers, serverReads, serverPartitions, serverProcesses]
const results = await runParts([...embedded, ...onServers], process.argv.slice(2))
const date = new Date().toISOString()
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
const directory = new URL('results/', import.meta.url)
await mkdir(directory, { recursive: true })
const name = date.slice(0, 16).replace(/[T:]/g, '-')
const title = `# Ingest and stores, ${date.slice(0, 10)}\n\n${machine}; medians of alternating rounds of one run.\n`
await writeFile(new URL(`${name}.md`, directory), `${title}\n${markdownOf(results)}`)
await writeFile(new URL(`${name}.json`, directory), `${JSON.stringify({ date, machine, results }, null, 2)}\n`)
