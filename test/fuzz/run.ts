// The fuzzer as a command: `node cli/run.js test/fuzz/run.ts --minutes 10`, one input again with `--target NAME --seed N`.
// `--target` names one of them (dev, gateway, trusting, subgraph), else they are attacked one after the other, each for its share of the
// minutes; `--surface` leaves all others out. Prints each finding, and how to see it again.
import { parseArgs } from 'node:util'
import { createProcesses } from '../cli/meshgate-process.ts'
import { attack, type AttackReport, type Finding } from './attack.ts'
import { startDev, startSubgraph } from './targets/start-mesh.ts'
import { startGateway } from './targets/start-gateway.ts'
import type { Surface, Target } from './targets/target.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    target: { type: 'string' },
    surface: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string' },
    'at-once': { type: 'string', default: '16' },
    'stall-ms': { type: 'string', default: '2000' },
    short: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const processes = createProcesses(() => ({ NODE_ENV: 'production' }))
const TARGETS: Record<string, () => Promise<Target>> = {
  dev: () => startDev(processes, values.short),
  gateway: () => startGateway(processes, false),
  trusting: () => startGateway(processes, true),
  subgraph: () => startSubgraph(processes),
}
const names = values.target === undefined ? Object.keys(TARGETS) : [values.target]
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count ?? Number.MAX_SAFE_INTEGER) : 1
const seconds = (Number(values.minutes) * 60) / names.length
const only = values.surface === undefined ? {} : { only: values.surface as Surface }
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

const TOLD_MAX = 200
let told = 0

function tell(name: string, { seed, what }: Finding): void {
  process.exitCode = 1
  if (++told > TOLD_MAX) return
  print(`${name}: ${what}`)
  const surface = values.surface === undefined ? '' : ` --surface ${values.surface}`
  if (seed !== null) print(`  again: node cli/run.js test/fuzz/run.ts --target ${name}${surface} --seed ${seed}`)
}

function sum(report: AttackReport, tookSeconds: number): string {
  const { before, most, after } = report.residentMegabytes
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([key, times]) => `${key} ${times}`)
      .join(', ')
  return [
    `${report.target}: ${report.inputs} inputs from seed ${from} in ${Math.round(tookSeconds)} s (${counts(report.bySurface)}), ${report.findings.length} findings`,
    `  answers: ${counts(report.byStatus)}`,
    `  ${report.right} good requests answered right; of ${report.probes} probes the longest took ${Math.round(report.longestMs)} ms, ${Math.round(report.longestOwnMs)} ms of its own`,
    `  resident: ${Math.round(before)} MB early, ${Math.round(most)} MB at most, ${Math.round(after)} MB after`,
  ].join('\n')
}

try {
  for (const name of names) {
    const start = TARGETS[name]
    if (start === undefined) throw new Error(`No target ${name}: there are ${Object.keys(TARGETS).join(', ')}.`)
    if (stop.signal.aborted) break
    const target = await start()
    const began = performance.now()
    const options = {
      from,
      count,
      seconds,
      atOnce: Number(values['at-once']),
      stallMsMax: Number(values['stall-ms']),
      signal: stop.signal,
      ...only,
    }
    const report = await attack(target, { ...options, onFinding: (finding) => tell(name, finding) })
    print(sum(report, (performance.now() - began) / 1_000))
    const code = await target.stop()
    if (code !== 0) tell(name, { seed: null, what: `it ended with ${String(code)} when it was stopped` })
  }
} finally {
  await processes.killAll()
}
