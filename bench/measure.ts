// What the scenarios share: percentiles, medians, and rounds that alternate between scenarios so that a noisy minute hits all of them.

export interface Scenario {
  readonly name: string
  /** One round: its figures by name, e.g. `{ requestsPerSecond: 900, p99Ms: 12 }`. */
  readonly round: () => Promise<Readonly<Record<string, number>>>
}

export type Figures = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Runs every scenario `rounds` times, in turn, and gives the median of every figure. */
export async function measure(
  scenarios: readonly Scenario[],
  rounds: number,
  report: (line: string) => void,
): Promise<Figures> {
  const results = new Map<string, Readonly<Record<string, number>>[]>(scenarios.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const scenario of scenarios) {
      const figures = await scenario.round()
      results.get(scenario.name)?.push(figures)
      report(`round ${round} of ${rounds}  ${scenario.name}: ${describe(figures)}`)
    }
  }
  return Object.fromEntries([...results].map(([name, figures]) => [name, medians(figures)]))
}

export function describe(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toLocaleString('en-US', { maximumFractionDigits: 2 })}`)
    .join(', ')
}

/** `quantile(values, 0.99)`: nearest rank, of values in any order. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN
}

function medians(rounds: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [
      name,
      quantile(
        rounds.map((round) => round[name] ?? 0),
        0.5,
      ),
    ]),
  )
}
