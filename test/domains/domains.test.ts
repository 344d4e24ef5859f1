// Every fact of every domain, on a laptop: one process on the embedded log and store.
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'
import { describeDomains } from './domain-rules.ts'

describeDomains('the domains on a laptop', async () => {
  const directory = await temporaryDirectory()
  return { start: () => startEmbeddedMesh({ dataDirectory: directory.path }), remove: directory.remove }
})
