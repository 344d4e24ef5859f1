// The fuzzer as a command: `node cli/run.js test/federation/fuzz/run.ts --from 0 --count 100000 [--seconds N] [--through engine|compiled|naive]
// [--found DIRECTORY]`. Prints what differs by kind, most frequent first; with --found it shrinks the first case of each kind into a page.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { answererNamed } from './answerers.ts'
import { printCase } from './case-file.ts'
import { compareOne, openMesh, type Answerer } from './fuzz-case.ts'
import { runFuzz, type FuzzFinding } from './fuzz-run.ts'
import { shrink } from './shrink.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '86400' },
    through: { type: 'string', default: 'engine' },
    found: { type: 'string' },
  },
})
const answerer = answererNamed(values.through)
const started = performance.now()
const secondsPassed = (): number => (performance.now() - started) / 1000
const report = await runFuzz({
  from: Number(values.from),
  operations: Number(values.count),
  answerer,
  isOver: () => secondsPassed() > Number(values.seconds),
})
const seconds = secondsPassed()
const wrong = report.findings.reduce((sum, { times }) => sum + times, 0)
for (const [at, finding] of report.findings.entries()) {
  print(`${finding.times} × ${finding.kind} (seed ${finding.found.seed})`)
  if (values.found !== undefined) await save(finding, { at, directory: values.found, answerer })
}
const rate = Math.round(report.operations / seconds)
print(
  `${report.operations} operations over ${report.meshes} meshes from seed ${values.from} through ${values.through}: ${wrong} differences; ` +
    `${report.rejected} meshes did not compose; ${seconds.toFixed(1)} s, ${rate} a second`,
)
process.exitCode = wrong === 0 ? 0 : 1

interface Target {
  readonly at: number
  readonly directory: string
  readonly answerer: Answerer
}

async function save(finding: FuzzFinding, { at, directory, answerer: by }: Target): Promise<void> {
  const small = await shrink(finding.found, finding.kind, by)
  const mesh = openMesh(small)
  if (typeof mesh === 'string') return
  const difference = (await compareOne(mesh, by(mesh), small.operation)) ?? finding.difference
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${at}.md`), printCase(small, difference))
}
