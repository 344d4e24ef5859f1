// Medians of a part's rounds with the least and the most, and the page that shows them beside the aims.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { BenchAim, BenchPart } from './part.ts'

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface PartResult {
  readonly name: string
  readonly about: string
  readonly aims: readonly BenchAim[]
  readonly rounds: number
  readonly figures: Readonly<Record<string, Spread>>
}

export function summarise(part: BenchPart, rounds: readonly Readonly<Record<string, number>>[]): PartResult {
  const { name, about, aims } = part
  const figures = Object.keys(rounds[0] ?? {}).map((figure): [string, Spread] => {
    const values = rounds.map((round) => round[figure] ?? Number.NaN).toSorted((a, b) => a - b)
    const at = (index: number): number => values[index] ?? Number.NaN
    return [figure, { median: at(Math.floor(values.length / 2)), min: at(0), max: at(values.length - 1) }]
  })
  return { name, about, aims, rounds: rounds.length, figures: Object.fromEntries(figures) }
}

/** Into `<date>.md` and `<date>.json` in the directory. */
export async function writeResults(title: string, results: readonly PartResult[], directory: URL): Promise<void> {
  const date = new Date().toISOString()
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
  await mkdir(directory, { recursive: true })
  const name = date.slice(0, 16).replace(/[T:]/g, '-')
  const head = `# ${title}, ${date.slice(0, 10)}\n\n${machine}; medians of alternating rounds of one run.\n`
  await writeFile(new URL(`${name}.md`, directory), `${head}\n${markdownOf(results)}`)
  await writeFile(new URL(`${name}.json`, directory), `${JSON.stringify({ date, machine, results }, null, 2)}\n`)
}

export function markdownOf(results: readonly PartResult[]): string {
  return results.map(sectionOf).join('\n')
}

function sectionOf({ name, about, aims, rounds, figures }: PartResult): string {
  const rows = Object.entries(figures).map(([figure, spread]) => {
    const aim = aims.find((candidate) => candidate.figure === figure)
    const cells = [figure, numberOf(spread.median), rounds < 2 ? '' : rangeOf(spread), verdict(aim, spread.median)]
    return `| ${cells.join(' | ')} |`
  })
  const head = `| figure | median of ${rounds} | least–most | aim |\n| --- | --- | --- | --- |`
  return `## ${name}\n\n${about}\n\n${head}\n${rows.join('\n')}\n`
}

function verdict(aim: BenchAim | undefined, median: number): string {
  if (aim === undefined) return ''
  const { atLeast = -Infinity, atMost = Infinity } = aim
  const met = median >= atLeast && median <= atMost
  const bounds = [
    aim.atLeast === undefined ? '' : `at least ${numberOf(aim.atLeast)}`,
    aim.atMost === undefined ? '' : `at most ${numberOf(aim.atMost)}`,
  ]
  return `${bounds.filter((bound) => bound !== '').join(', ')}: ${met ? 'met' : 'missed'}`
}

function rangeOf({ min, max }: Spread): string {
  return `${numberOf(min)}–${numberOf(max)}`
}

function numberOf(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 }) : '–'
}
