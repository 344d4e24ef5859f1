// The subgraphs' face to the command line: one per product, in-process by its endpoint or on a port by serve().
export { createSubgraph } from './runtime/create-subgraph.ts'
export type { SubgraphServer } from './runtime/subgraph.ts'
export type { SubgraphObserver } from './runtime/subgraph-observer.ts'
