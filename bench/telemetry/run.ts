// `node cli/run.js bench/telemetry/run.ts`: readings at 20,000 a second, alone and with their minutes. Options: bench/ingest/run-parts.ts.
import { runParts } from '../ingest/run-parts.ts'
import { readingsAlone, readingsWithMinutes } from './readings.ts'

await runParts([readingsAlone, readingsWithMinutes], process.argv.slice(2))
