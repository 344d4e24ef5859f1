// `node cli/run.js bench/derive/run.ts`: what folding costs, rounds alternating, written to `results/`. Options: ../ingest/run-parts.ts.
import { writeResults } from '../ingest/results.ts'
import { runParts } from '../ingest/run-parts.ts'
import { deriveParts } from './embedded.ts'

const results = await runParts(deriveParts, process.argv.slice(2))
await writeResults('Derived products', results, new URL('results/', import.meta.url))
