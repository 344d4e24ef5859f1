// The fault suite on real servers as a command: `node cli/run.js test/faults/servers/run.ts --from 0 --count 50`, or one run by `--seed N`;
// `--faults "Kafka killed,clock set"` in place of those that a seed draws; `--rebalance SECONDS` for members that join and leave all that time.
import { parseArgs } from 'node:util'
import { FaultServers } from './fault-servers.ts'
import { runOnServers, type ServerRun } from './server-run.ts'

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '50' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    rebalance: { type: 'string' },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count) : 1

function printRun({ seed, problems, faults, records, toldMeanwhile, processes, seconds }: ServerRun): void {
  const outcome = problems.length === 0 ? 'right' : `${String(problems.length)} PROBLEMS`
  const size = `${String(records)} records, ${String(toldMeanwhile)} told before the last fault was over, ${String(processes)} processes`
  print(`seed ${String(seed)}: ${outcome}; ${size}, ${seconds.toFixed(1)} s; ${faults.join(', ')}`)
  for (const problem of problems) print(`  ${problem}`)
  if (problems.length > 0) print(`  again: node cli/run.js test/faults/servers/run.ts --seed ${String(seed)}`)
}

let wrong = 0
const servers = await FaultServers.open()
try {
  for (let seed = first; seed < first + count; seed++) {
    const run = await runOnServers({
      servers,
      seed,
      ...(values.faults === undefined ? {} : { faults: values.faults.split(',') }),
      ...(values.rebalance === undefined ? {} : { rebalanceMs: Number(values.rebalance) * 1_000 }),
    })
    printRun(run)
    if (run.problems.length > 0) wrong += 1
  }
} finally {
  await servers.close()
}
print(`${String(count)} runs from seed ${String(first)}: ${String(wrong)} with problems`)
process.exitCode = wrong === 0 ? 0 : 1
