// `node cli/run.js bench/subscriptions/run.ts`: clients of subscriptions, by the thousands. Options: bench/ingest/run-parts.ts.
import { runParts } from '../ingest/run-parts.ts'
import { comingBack } from './coming-back.ts'
import { fanOut, fanOutWithTokens } from './fan-out.ts'

await runParts([fanOut, fanOutWithTokens, comingBack], process.argv.slice(2))
