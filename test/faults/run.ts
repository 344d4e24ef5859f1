// The fault suite as a command: `node cli/run.js test/faults/run.ts --from 0 --count 1000`, one run alone with `--seed N`;
// `--first` ends at the first difference, `--with FAULT` leaves out the seeds that have not drawn it. Prints each run that
// ends otherwise than it must, and how to run it alone.
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { ChildPool } from './embedded/child-mesh.ts'
import { mountSmallDisk } from './embedded/full-disk.ts'
import { planOf, runSeed } from './embedded/run-seed.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '20' },
    directory: { type: 'string', default: tmpdir() },
    verbose: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    with: { type: 'string' },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count) : 1
mkdirSync(values.directory, { recursive: true })
const children = new ChildPool()
const disk = mountSmallDisk()
const totals = { runs: 0, wrong: 0, kills: 0, records: 0, resumed: 0 }
const began = performance.now()
const faults = new Map<string, number>()
// Ends after the run in hand, so that nothing stays mounted; a second signal ends at once.
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopping = true))
try {
  for (let seed = from; seed < from + count && !stopping; seed++) {
    if (values.with !== undefined && !planOf(seed).faults.some((fault) => fault === values.with)) continue
    const startedMs = performance.now()
    const { plan, differences, kills, records, resumed } = await runSeed(seed, {
      directory: values.directory,
      disk,
      children,
    })
    for (const fault of plan.faults) faults.set(fault, (faults.get(fault) ?? 0) + 1)
    totals.runs++
    totals.kills += kills
    totals.records += records
    totals.resumed += resumed
    const what = `seed ${seed}: ${plan.faults.join(', ')}; ${plan.products.map(({ name }) => name).join(', ')}`
    if (differences.length > 0) {
      totals.wrong++
      print(`${what}\n  ${differences.join('\n  ')}\n  alone: node cli/run.js test/faults/run.ts --seed ${seed}`)
      if (values.first) break
    } else if (values.verbose) print(`${what} (${Math.round(performance.now() - startedMs)} ms)`)
  }
} finally {
  await children.close()
  disk?.unmount()
}
const seconds = ((performance.now() - began) / 1_000).toFixed(0)
print(
  [...faults]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([fault, times]) => `${fault} ${times}`)
    .join(', '),
)
print(
  `${totals.runs} runs from seed ${from}: ${totals.wrong} with differences; ${totals.records} records, ${totals.kills} kills, ` +
    `${totals.resumed} returns of subscribers; ${seconds} s${disk === null ? '; no disk could be filled: that needs root' : ''}`,
)
process.exitCode = totals.wrong === 0 ? 0 : 1
