// What the processes of one gateway tell one another.
import type { MetricsSnapshot } from '../../platform/telemetry/metrics.ts'

/** To a worker. */
export type WorkerOrder =
  /** The first: what to serve. */
  | { readonly kind: 'serve'; readonly worker: number; readonly supergraphSdl: string }
  | { readonly kind: 'tell-metrics'; readonly question: number }
  /** The answer to `all-metrics`; null: some worker has not answered. */
  | { readonly kind: 'all-metrics'; readonly question: number; readonly text: string | null }

/** From a worker. */
export type WorkerReport =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'metrics'; readonly question: number; readonly snapshot: MetricsSnapshot }
  /** Asks for those of all workers. */
  | { readonly kind: 'all-metrics'; readonly question: number }
