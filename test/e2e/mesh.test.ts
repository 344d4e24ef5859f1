// The mesh on a laptop: one process on the embedded log and store.
import { join } from 'node:path'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import { describeMesh } from './mesh-rules.ts'
import { directoryBytes, temporaryDirectory } from './temporary-directory.ts'

describeMesh('the mesh on a laptop', async () => {
  const directory = await temporaryDirectory()
  return {
    start: () => startEmbeddedMesh(directory.path),
    appended: () => directoryBytes(join(directory.path, 'log')),
    remove: directory.remove,
  }
})
