// What a run found: medians with their spread, as a table for people and as JSON for comparing.
import type { Figures } from './modes/mode.ts'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface GatewayResult {
  readonly gateway: string
  readonly rounds: number
  readonly figures: Readonly<Record<string, Spread>>
  /** Beginning of a wrong answer. */
  readonly sample: string | null
}

export interface ModeResult {
  readonly mode: string
  readonly title: string
  readonly results: readonly GatewayResult[]
}

export interface RunResult {
  /** ISO 8601. */
  readonly date: string
  /** Cores and memory, without names. */
  readonly machine: string
  readonly windowSeconds: number
  readonly modes: readonly ModeResult[]
}

interface Column {
  readonly figure: string
  readonly title: string
  readonly digits: number
  readonly withSpread?: boolean
}

const COLUMNS: readonly Column[] = [
  { figure: 'firstAnswerMs', title: 'first answer ms', digits: 0, withSpread: true },
  { figure: 'cpuMs', title: 'CPU ms', digits: 0 },
  { figure: 'requestsPerSecond', title: 'req/s', digits: 0, withSpread: true },
  { figure: 'requestsPerCpuSecond', title: 'req/CPU s', digits: 0, withSpread: true },
  { figure: 'cpuMsPerRequest', title: 'CPU ms/req', digits: 2 },
  { figure: 'p50Ms', title: 'p50 ms', digits: 1 },
  { figure: 'p95Ms', title: 'p95 ms', digits: 1 },
  { figure: 'p99Ms', title: 'p99 ms', digits: 1, withSpread: true },
  { figure: 'aloneP50Ms', title: 'p50 alone ms', digits: 1 },
  { figure: 'aloneP99Ms', title: 'p99 alone ms', digits: 1, withSpread: true },
  { figure: 'besideP50Ms', title: 'p50 beside ms', digits: 1 },
  { figure: 'besideP99Ms', title: 'p99 beside ms', digits: 1, withSpread: true },
  { figure: 'besideMaxMs', title: 'max beside ms', digits: 0 },
  { figure: 'ordinaryPerSecond', title: 'ordinary/s', digits: 1 },
  { figure: 'hostilePerSecond', title: 'hostile/s', digits: 1 },
  { figure: 'rssMb', title: 'RSS MB', digits: 0 },
  { figure: 'rssPeakMb', title: 'peak MB', digits: 0 },
  { figure: 'subgraphCalls', title: 'subgraph calls/req', digits: 1 },
  { figure: 'gatewayCores', title: 'cores: gateway', digits: 2 },
  { figure: 'subgraphCores', title: 'subgraphs', digits: 2 },
  { figure: 'loadCores', title: 'load', digits: 2 },
  { figure: 'operations', title: 'operations', digits: 0 },
  { figure: 'wrong', title: 'wrong', digits: 0 },
  { figure: 'failed', title: 'failed', digits: 0 },
]

/** Failures add up, all else is a median. */
export function summarise(rounds: readonly Figures[]): Readonly<Record<string, Spread>> {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const values = rounds.map((round) => round[name] ?? Number.NaN).toSorted((a, b) => a - b)
      const [min = Number.NaN] = values
      const max = values.at(-1) ?? Number.NaN
      const isCount = name === 'wrong' || name === 'failed'
      const sum = values.reduce((total, value) => total + value, 0)
      return [name, { median: isCount ? sum : (values[Math.floor(values.length / 2)] ?? Number.NaN), min, max }]
    }),
  )
}

export function markdownOf({ date, machine, windowSeconds, modes }: RunResult): string {
  const head = `# Gateways side by side, ${date.slice(0, 10)}

${machine}. The gateway has one core, subgraphs and load generator the other. Medians of windows of ${windowSeconds} s, in parentheses the least and the
most; every answer is compared with the right one. Where "cores: gateway" is well below 1 the other core was the limit: requests per CPU second count.
`
  return [head, ...modes.map(tableOf)].join('\n')
}

function tableOf({ title, results }: ModeResult): string {
  const columns = COLUMNS.filter(({ figure }) => results.some(({ figures }) => figures[figure] !== undefined))
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = results.map(({ gateway, rounds, figures }) =>
    line([gateway, String(rounds), ...columns.map((column) => cellOf(column, figures[column.figure], rounds))]),
  )
  const titles = ['gateway', 'rounds', ...columns.map((column) => column.title)]
  return `## ${title}\n\n${[line(titles), line(titles.map(() => '---')), ...rows].join('\n')}\n`
}

function cellOf({ digits, withSpread }: Column, spread: Spread | undefined, rounds: number): string {
  if (spread === undefined) return '–'
  const format = (value: number): string =>
    Number.isFinite(value) ? value.toLocaleString('en-US', { maximumFractionDigits: digits }) : '–'
  if (withSpread !== true || rounds < 2) return format(spread.median)
  return `${format(spread.median)} (${format(spread.min)}–${format(spread.max)})`
}
