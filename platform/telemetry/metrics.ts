// The metrics of one process: those of Node and the process itself, and Meshgate's own as metric-definitions.ts describes them. Only those
// that a role uses appear. Scraping never fails: a metric that cannot be told now is left out.
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { limits } from '../limits.ts'
import { METRICS, type MetricDefinition, type MetricName } from './metric-definitions.ts'

export type { MetricName } from './metric-definitions.ts'

export type Labels = Readonly<Record<string, string>>

/** A value of a gauge, with its labels. */
export type Reading = readonly [value: number, labels: Labels]

export interface Metrics {
  readonly contentType: string
  /** Counters go up by it, histograms observe it (seconds), gauges become it. */
  record(name: MetricName, value: number, labels?: Labels): void
  /** The gauge is read at each scrape; it is left out when reading rejects. */
  read(name: MetricName, readings: () => readonly Reading[] | Promise<readonly Reading[]>): void
  text(): Promise<string>
  /** What `metricsTogether` makes one text of, with those of other processes; goes through JSON. */
  snapshot(): Promise<MetricsSnapshot>
}

export type MetricsSnapshot = readonly object[]

/** Text of the metrics of several processes as if they were one: sums, unless a metric's definition says otherwise. */
export function metricsTogether(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics()
}

/** `ofProcess`: with those of Node and the process itself. */
export function createMetrics({ ofProcess = true }: { readonly ofProcess?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (ofProcess) collectDefaultMetrics({ register: registry })
  const records = new Map<MetricName, (value: number, labels: Labels) => void>()
  const recorder = (name: MetricName): ((value: number, labels: Labels) => void) => {
    const known = records.get(name)
    if (known !== undefined) return known
    const created = createRecorder(METRICS[name], registry)
    records.set(name, created)
    return created
  }
  return {
    contentType: registry.contentType,
    record: (name, value, labels = {}) => recorder(name)(value, labels),
    read(name, readings) {
      const { labels, name: metric, help, together }: MetricDefinition = METRICS[name]
      new Gauge({
        name: metric,
        help,
        aggregator: together ?? 'sum',
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          this.reset()
          try {
            for (const [value, of] of await inTime(readings())) this.set(of, value)
          } catch {
            // What it is about cannot be asked now, and is told elsewhere.
          }
        },
      })
    },
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
  }
}

/** A server that is away may keep its asker waiting for longer than a scrape may take. */
async function inTime<T>(reading: T | Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('late')), limits.metricReadTimeoutMs)
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}

function createRecorder(definition: MetricDefinition, registry: Registry): (value: number, labels: Labels) => void {
  const { name, help, labels, buckets = [] } = definition
  const common = {
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    aggregator: definition.together ?? ('sum' as const),
  }
  switch (definition.kind) {
    case 'counter': {
      const counter = new Counter(common)
      return (value, of) => counter.inc(of, value)
    }
    case 'gauge': {
      const gauge = new Gauge(common)
      return (value, of) => gauge.set(of, value)
    }
    case 'histogram': {
      const histogram = new Histogram({ ...common, buckets: [...buckets] })
      return (value, of) => histogram.observe(of, value)
    }
  }
}
