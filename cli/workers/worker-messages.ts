// What the processes of one gateway tell one another.
import type { MetricsSnapshot } from '../../platform/telemetry/metrics.ts'

/** To a worker. */
export type WorkerOrder =
  /** The first: what to serve. */
  | { readonly kind: 'serve'; readonly worker: number; readonly supergraphSdl: string; readonly stale: string | null }
  /** In the place of what it serves. */
  | { readonly kind: 'replace'; readonly question: number; readonly supergraphSdl: string }
  /** Why what is at the source of the supergraph is not in service; null where it is. */
  | { readonly kind: 'stale'; readonly stale: string | null }
  | { readonly kind: 'tell-metrics'; readonly question: number }
  /** The answer to `all-metrics`; null: some worker has not answered. */
  | { readonly kind: 'all-metrics'; readonly question: number; readonly text: string | null }
  | { readonly kind: 'tell-alive'; readonly question: number }

/** From a worker. */
export type WorkerReport =
  /** The first: it listens to orders. */
  | { readonly kind: 'present' }
  | { readonly kind: 'ready'; readonly port: number }
  /** The answer to `replace`; a problem: it serves what it served. */
  | { readonly kind: 'replaced'; readonly question: number; readonly problem: string | null }
  | { readonly kind: 'metrics'; readonly question: number; readonly snapshot: MetricsSnapshot }
  | { readonly kind: 'alive'; readonly question: number }
  /** Asks for those of all workers. */
  | { readonly kind: 'all-metrics'; readonly question: number }
