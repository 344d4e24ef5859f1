// The survival suite as a command: `node cli/run.js test/survival/run.ts --from 0 --count 20` on Kafka and Cassandra, `--embedded` on
// `meshgate dev`; one run by `--seed N`, `--faults "broker killed,gateway killed"` in place of all. Prints how long clients were told nothing.
import { parseArgs } from 'node:util'
import { seededInteger } from '../seeded-random.ts'
import { FaultServers } from '../faults/servers/fault-servers.ts'
import { openEmbeddedMesh } from './embedded-mesh.ts'
import { runSurvival, type Outage, type SurvivalRun } from './run-survival.ts'
import { openServerMesh } from './server-mesh.ts'
import type { SurvivalMesh } from './survival-mesh.ts'

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '10' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    embedded: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const first = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count) : 1
const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`

function printOutage({ fault, awayMs, medianMs, longestMs }: Outage): void {
  print(
    `  ${fault}: done after ${inSeconds(awayMs)}, told nothing for ${inSeconds(medianMs)}, ${inSeconds(longestMs)} at most`,
  )
}

function printRun({ seed, problems, clients, records, told, interruptions, repetitions, seconds }: SurvivalRun): void {
  const outcome = problems.length === 0 ? 'right' : `${problems.length} PROBLEMS`
  const size = `${records} records, ${repetitions} changes twice in the topic, ${told} told to ${clients} clients, which came back ${interruptions} times`
  print(`seed ${seed}: ${outcome}; ${size}; ${seconds.toFixed(1)} s`)
  for (const problem of problems) print(`  ${problem}`)
  if (problems.length > 0) print(`  again: node cli/run.js test/survival/run.ts --seed ${seed}`)
}

let wrong = 0
const servers = values.embedded ? null : await FaultServers.open()

function openMesh(seed: number): Promise<SurvivalMesh> {
  if (servers === null) return openEmbeddedMesh()
  const unique = `s${seed}t${Date.now().toString(36)}`
  return openServerMesh({ servers, unique, random: seededInteger(seed) })
}

try {
  for (let seed = first; seed < first + count; seed++) {
    const mesh = await openMesh(seed)
    try {
      const faults = values.faults?.split(',')
      const run = await runSurvival({ mesh, seed, faults, onOutage: printOutage })
      printRun(run)
      if (run.problems.length > 0) wrong += 1
    } finally {
      await mesh.close()
    }
  }
} finally {
  await servers?.close()
}
print(`${count} runs from seed ${first}: ${wrong} with problems`)
process.exitCode = wrong === 0 ? 0 : 1
