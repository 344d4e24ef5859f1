// `node cli/run.js bench/ingest/run.ts`: every part of the ingest bench in one run, rounds alternating, written to `results/`. Options: run-parts.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { latencyEmbedded, latencyServers } from './latency.ts'
import { markdownOf } from './results.ts'
import { runParts } from './run-parts.ts'

const results = await runParts([latencyEmbedded, latencyServers], process.argv.slice(2))
const date = new Date().toISOString()
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
const directory = new URL('results/', import.meta.url)
await mkdir(directory, { recursive: true })
const name = date.slice(0, 16).replace(/[T:]/g, '-')
const title = `# Ingest and stores, ${date.slice(0, 10)}\n\n${machine}; medians of alternating rounds of one run.\n`
await writeFile(new URL(`${name}.md`, directory), `${title}\n${markdownOf(results)}`)
await writeFile(new URL(`${name}.json`, directory), `${JSON.stringify({ date, machine, results }, null, 2)}\n`)
