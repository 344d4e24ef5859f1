// The mesh on a laptop: `meshgate dev` in one process, on a data directory.
import { startMeshgate } from './meshgate-process.ts'
import type { RunningMesh } from './running-mesh.ts'

export async function startEmbeddedMesh(
  dataDirectory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningMesh> {
  const dev = await startMeshgate({ args: ['dev'], environment: { ...environment, MESHGATE_DATA_DIR: dataDirectory } })
  return { ...dev, topicUrl: (topic) => `${dev.url}/topics/${topic}` }
}
