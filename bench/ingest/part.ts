// A part of the ingest bench: what it measures, against which aim, and one round of it. Parts run in turn, round after round, so that a noisy
// minute hits all of them; `run.ts` makes medians of the rounds.

export interface BenchPart {
  /** As it stands in the results, e.g. `embedded, one table`. */
  readonly name: string
  /** What is measured, how, and in which units: one or two sentences for the results page. */
  readonly about: string
  /** The figures that have an aim. */
  readonly aims: readonly BenchAim[]
  /** Whether it needs real Kafka and Cassandra. */
  readonly servers: boolean
  /** Runs in the first round only: it takes minutes, and its figures are compared with each other. */
  readonly once?: true
  /** Figures by name, units last: `{ recordsPerSecond: 61_000, cpuUs: 31, p99Ms: 4.2, rssMegabytes: 310 }`. */
  readonly round: (options: RoundOptions) => Promise<Readonly<Record<string, number>>>
}

export interface BenchAim {
  readonly figure: string
  readonly atLeast?: number
  readonly atMost?: number
}

export interface RoundOptions {
  /** Addresses of running servers; null in parts that need none. */
  readonly servers: { readonly kafka: string; readonly cassandra: string } | null
  /** How much is measured: 1 is the whole, 0.05 a quick look. */
  readonly scale: number
  readonly print: (line: string) => void
}
