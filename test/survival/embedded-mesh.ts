// `meshgate dev` as a process on a data directory: everything in one, which is ended and started again on the same directory and port.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pickPort } from '../../services/free-port.ts'
import { createProcesses } from '../cli/meshgate-process.ts'
import { openPorts } from '../ingest/open-ports.ts'
import { Restartable } from './restartable.ts'
import { contentsOf, type SurvivalMesh } from './survival-mesh.ts'
import { namesOf } from './survival-product.ts'

const HOST = '127.0.0.1'

export async function openEmbeddedMesh(): Promise<SurvivalMesh> {
  const names = namesOf('embedded')
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-survival-'))
  const data = join(directory, 'data')
  const product = join(directory, 'items')
  await mkdir(product)
  await writeFile(join(product, 'product.graphql'), names.sdl)
  const processes = createProcesses(() => ({ MESHGATE_DATA_DIR: data }))
  const port = String(await pickPort(HOST))
  const args = ['dev', product, '--no-sample', '--port', port]
  // It serves before; all that was posted before a start is ingested by then.
  const mesh = new Restartable({ processes, args, serves: /(Ready\.)/ })
  const close = async (): Promise<void> => {
    await processes.killAll()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await mesh.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    gateways: [`http://${HOST}:${port}/graphql`],
    ingest: `http://${HOST}:${port}/topics/${names.topic}`,
    faults: {
      'mesh killed': () => mesh.restart('SIGKILL'),
      'mesh stopped': () => mesh.restart('SIGTERM'),
    },
    async contents() {
      await mesh.restart('SIGKILL')
      await mesh.end('SIGTERM')
      const { log, store } = await openPorts(data)
      try {
        return await contentsOf(log, store, names.topic)
      } finally {
        await log.close()
        await store.close()
        await mesh.start()
      }
    },
    close,
  }
}
