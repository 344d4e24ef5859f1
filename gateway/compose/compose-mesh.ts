// Subgraphs that answer in this process, or through endpoints that are passed in, as a mesh that can be loaded.
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import type { SupergraphMesh } from '../load-mesh.ts'
import { composeSupergraph, formatProblems } from './compose-supergraph.ts'

/** A subgraph and how to reach it. */
export interface GatewaySubgraph {
  readonly name: string
  readonly sdl: string
  readonly endpoint: SubgraphEndpoint
}

/** COMPOSITION_FAILED with every problem. */
export function composeMesh(subgraphs: readonly GatewaySubgraph[]): SupergraphMesh {
  const composition = composeSupergraph(subgraphs)
  if (composition.kind === 'failed') {
    throw new MeshgateError(
      'COMPOSITION_FAILED',
      `The subgraphs do not compose:\n${formatProblems(composition.problems)}`,
    )
  }
  return { supergraphSdl: composition.supergraphSdl, endpoints: subgraphs.map(({ endpoint }) => endpoint) }
}
