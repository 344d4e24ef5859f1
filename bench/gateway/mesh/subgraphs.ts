// All subgraphs of the bench in this process, and the supergraphs over them. The process of the run is subgraphs-process.ts; the test starts them itself.
import { composeSupergraph, formatProblems } from '../../../gateway/compose/compose-supergraph.ts'
import { startSubgraph, type BenchSubgraph } from './subgraph-server.ts'
import { archiveSdl, subgraphSdl } from './subgraph-sdl.ts'
import { subgraphSchema } from './subgraph-resolvers.ts'
import { resolveThing, typeMeshNames, typeMeshSchema, typeMeshSdl } from './type-mesh.ts'

/** `four`: the public benchmarks' mesh; `archive`: these and one whose answers are megabytes; `types`: ten generated ones. */
export type MeshName = 'four' | 'archive' | 'types'

const TYPES = 500

export interface BenchSubgraphs {
  readonly subgraphs: ReadonlyMap<string, BenchSubgraph>
  readonly supergraphs: Readonly<Record<MeshName, string>>
  close(): Promise<void>
}

export async function startSubgraphs(): Promise<BenchSubgraphs> {
  const subgraphs = new Map<string, BenchSubgraph>()
  for (const name of [...Object.keys(subgraphSdl), 'archive']) {
    subgraphs.set(name, await startSubgraph({ schema: subgraphSchema(name) }))
  }
  for (const name of typeMeshNames) {
    subgraphs.set(name, await startSubgraph({ schema: typeMeshSchema(name, TYPES), fieldResolver: resolveThing }))
  }
  const compose = (sdl: Readonly<Record<string, string>>): string => composeOn(sdl, subgraphs)
  return {
    subgraphs,
    supergraphs: {
      four: compose(subgraphSdl),
      archive: compose({ ...subgraphSdl, archive: archiveSdl }),
      types: compose(typeMeshSdl(TYPES)),
    },
    close: async () => {
      await Promise.all([...subgraphs.values()].map((subgraph) => subgraph.close()))
    },
  }
}

function composeOn(sdl: Readonly<Record<string, string>>, subgraphs: ReadonlyMap<string, BenchSubgraph>): string {
  const definitions = Object.entries(sdl).map(([name, text]) => ({
    name,
    sdl: text,
    url: `http://127.0.0.1:${subgraphs.get(name)?.port}/graphql`,
  }))
  const composition = composeSupergraph(definitions)
  if (composition.kind === 'failed') throw new Error(formatProblems(composition.problems))
  return composition.supergraphSdl
}
