// `npm run bench`: measures load rate, event latency and the customer query in alternating rounds, and stores the medians as the baseline.
// `npm run bench -- --compare` leaves the baseline and prints the ratios to it. `--rounds N`, default 5. `--servers`: on real Kafka and Cassandra,
// every role in a process of its own; never the baseline.
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { customerQueryScenario } from './customer-query.ts'
import { eventLatencyScenario } from './event-latency.ts'
import { loadRateScenario } from './load-rate.ts'
import { describe, measure, type Figures } from './measure.ts'
import { benchPlace } from './bench-place.ts'

interface Baseline {
  readonly machine: string
  readonly figures: Figures
}

const baselineFile = new URL('baseline.json', import.meta.url)
const print = (line: string) => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    compare: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    servers: { type: 'boolean', default: false },
  },
})

const place = await benchPlace(values.servers)
const latency = await eventLatencyScenario(place.mesh)
try {
  const query = await customerQueryScenario(place.mesh.url)
  const scenarios = [await loadRateScenario(place), latency, query]
  const figures = await measure(scenarios, Number(values.rounds), print)
  const baseline: Baseline = { machine: describeMachine(), figures }
  if (values.compare || values.servers) compare(JSON.parse(await readFile(baselineFile, 'utf8')) as Baseline, baseline)
  else {
    await writeFile(baselineFile, `${JSON.stringify(baseline, null, 2)}\n`)
    for (const [name, medians] of Object.entries(figures)) print(`median  ${name}: ${describe(medians)}`)
  }
} finally {
  await latency.close()
  await place.close()
}

function describeMachine(): string {
  return `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${process.platform}`
}

function compare(baseline: Baseline, now: Baseline): void {
  if (baseline.machine !== now.machine)
    print(`The baseline is of another machine (${baseline.machine}): only ratios within a run hold.`)
  for (const [name, medians] of Object.entries(now.figures)) {
    for (const [figure, value] of Object.entries(medians)) {
      const before = baseline.figures[name]?.[figure]
      const ratio = before === undefined ? 'new' : `${(value / before).toFixed(2)} × baseline`
      print(`median  ${name}  ${figure}: ${value.toFixed(2)} (${ratio})`)
    }
  }
}
