// What a subgraph tells whoever measures it. Plain callbacks, called synchronously: they must be quick and must not throw.

export interface SubgraphObserver {
  /** A query or mutation has been answered, in-process or over the network. `codes`: of its errors. */
  request?(request: { readonly subgraph: string; readonly durationMs: number; readonly codes: readonly string[] }): void
  /** The number of subscriptions that run has changed. */
  subscriptions?(running: { readonly subgraph: string; readonly active: number }): void
}
