// The mesh on a laptop: `meshgate dev` in one process, on a data directory.
import { startMeshgate } from './meshgate-process.ts'
import type { RunningMesh } from './running-mesh.ts'

export interface EmbeddedMeshOptions {
  readonly dataDirectory: string
  /** Absent: all of the project. */
  readonly products?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

export async function startEmbeddedMesh(options: EmbeddedMeshOptions): Promise<RunningMesh> {
  const { dataDirectory, products = [], environment = {} } = options
  const dev = await startMeshgate({
    args: ['dev', ...products],
    environment: { ...environment, MESHGATE_DATA_DIR: dataDirectory },
  })
  return { ...dev, topicUrl: (topic) => `${dev.url}/topics/${topic}` }
}
