// The bench's subgraphs as a process of their own, so that what they cost is not the gateway's. Speaks over the channel of its parent.
import { startSubgraphs, type MeshName } from './subgraphs.ts'
import type { SubgraphBehaviour, SubgraphCounters } from './subgraph-server.ts'

export type SubgraphsOrder =
  { readonly kind: 'behave'; readonly behaviour: SubgraphBehaviour } | { readonly kind: 'take-counters' }

export type SubgraphsReport =
  | { readonly kind: 'started'; readonly supergraphs: Readonly<Record<MeshName, string>> }
  | { readonly kind: 'behaving' }
  | { readonly kind: 'counters'; readonly counters: Readonly<Record<string, SubgraphCounters>> }

const { subgraphs, supergraphs } = await startSubgraphs()
const report = (message: SubgraphsReport): void => void process.send?.(message)

process.on('message', (order: SubgraphsOrder) => {
  if (order.kind === 'behave') {
    for (const subgraph of subgraphs.values()) subgraph.behave(order.behaviour)
    report({ kind: 'behaving' })
  } else {
    const counters = [...subgraphs].map(([name, subgraph]) => [name, subgraph.takeCounters()] as const)
    report({ kind: 'counters', counters: Object.fromEntries(counters) })
  }
})
process.on('disconnect', () => process.exit())
report({ kind: 'started', supergraphs })
