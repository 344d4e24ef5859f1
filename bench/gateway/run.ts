// Measures Meshgate beside other gateways, all of them in turn in one run: `node cli/run.js bench/gateway/run.ts`. `--modes a,b`, `--gateways a,b`,
// `--rounds 3`, `--seconds 5`, `--warm-up 3`, `--profile DIR` (CPU profiles of the gateways, read by profile-summary.ts), `--keep` writes the results to bench/gateway/results/.
// `--checkout DIR` adds Meshgate as it is there. The peers are installed apart: `npm ci --prefix bench/gateway/peers`.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { describe } from '../measure.ts'
import type { GatewayUnderTest } from './gateways/gateway-under-test.ts'
import { knownGateways, otherMeshgate, peersAreInstalled, peersInstallation } from './gateways/known-gateways.ts'
import { knownModes } from './modes/known-modes.ts'
import type { Figures, Mode } from './modes/mode.ts'
import { Laboratory } from './modes/run-round.ts'
import { markdownOf, summarise, type GatewayResult, type ModeResult, type RunResult } from './report.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    modes: { type: 'string', default: Object.keys(knownModes).join(',') },
    gateways: { type: 'string', default: knownGateways.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '3' },
    profile: { type: 'string' },
    checkout: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const modes = values.modes.split(',').map((name) => {
  const mode = knownModes[name]
  if (mode === undefined) throw new Error(`There is no mode "${name}". Modes: ${Object.keys(knownModes).join(', ')}.`)
  return mode
})
const chosen = values.gateways.split(',').map((name) => {
  const gateway = knownGateways.find((known) => known.name === name)
  if (gateway === undefined) {
    throw new Error(`There is no gateway "${name}". Gateways: ${knownGateways.map((known) => known.name).join(', ')}.`)
  }
  return gateway
})
const gateways = values.checkout === undefined ? chosen : [otherMeshgate(resolve(values.checkout)), ...chosen]
if (gateways.some(({ isPeer }) => isPeer) && !peersAreInstalled) {
  throw new Error(`The peers are not installed: run ${peersInstallation}, or choose others with --gateways.`)
}

const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-'))
const windows = { warmUpMs: Number(values['warm-up']) * 1000, windowMs: Number(values.seconds) * 1000 }
const profiles = values.profile === undefined ? null : resolve(values.profile)
const laboratory = await Laboratory.open(directory, windows, profiles)
try {
  const results: ModeResult[] = []
  for (const mode of modes) results.push(await runMode(mode()))
  const run: RunResult = {
    date: new Date().toISOString(),
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
    windowSeconds: Number(values.seconds),
    modes: results,
  }
  print(`\n${await format(markdownOf(run), { parser: 'markdown' })}`)
  if (values.keep) await keep(run)
} finally {
  await laboratory.close()
  await rm(directory, { recursive: true })
}

/** In every round each gateway has its turn, so that a noisy minute hits all of them. */
async function runMode(mode: Mode): Promise<ModeResult> {
  const measured = gateways.filter((gateway) => takesPart(gateway, mode))
  const rounds = new Map<string, Figures[]>(measured.map(({ title }) => [title, []]))
  const samples = new Map<string, string>()
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const gateway of measured) {
      const { figures, sample } = await laboratory.round(mode, gateway)
      rounds.get(gateway.title)?.push(figures)
      if (sample !== null) samples.set(gateway.title, sample)
      print(
        `${mode.name}  round ${round}  ${gateway.name}: ${describe(figures)}${sample === null ? '' : `\n  ${sample}`}`,
      )
    }
  }
  const results = [...rounds].map(([title, figures]): GatewayResult => ({
    gateway: title,
    rounds: figures.length,
    figures: summarise(figures),
    sample: samples.get(title) ?? null,
  }))
  return { mode: mode.name, title: mode.title, results }
}

function takesPart(gateway: GatewayUnderTest, mode: Mode): boolean {
  if (gateway.name === 'floor') return mode.floor
  if (mode.kind === 'appends') return gateway.name === 'meshgate'
  return gateway.sharings.includes(mode.sharing)
}

/** Four digits are more than a measurement has. */
function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}

async function keep(run: RunResult): Promise<void> {
  const results = new URL('results/', import.meta.url)
  await mkdir(results, { recursive: true })
  const name = run.date.slice(0, 16).replace(/[:T]/g, '-')
  const style = await resolveConfig(import.meta.filename)
  await writeFile(new URL(`${name}.md`, results), await format(markdownOf(run), { ...style, parser: 'markdown' }))
  await writeFile(
    new URL(`${name}.json`, results),
    await format(JSON.stringify(run, shorten), { ...style, parser: 'json' }),
  )
}
