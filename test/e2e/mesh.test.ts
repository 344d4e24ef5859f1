// The mesh on a laptop: one process on the embedded log and store.
import { join } from 'node:path'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import { SALE_PRODUCTS } from '../../bench/processes/sale-products.ts'
import { describeMesh } from './mesh-rules.ts'
import { directoryBytes, temporaryDirectory } from './temporary-directory.ts'

describeMesh('the mesh on a laptop', async () => {
  const directory = await temporaryDirectory()
  return {
    start: () => startEmbeddedMesh({ dataDirectory: directory.path, products: SALE_PRODUCTS }),
    appended: () => directoryBytes(join(directory.path, 'log')),
    remove: directory.remove,
  }
})
