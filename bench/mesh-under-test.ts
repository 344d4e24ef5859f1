// A mesh in a process of its own, as `meshgate dev` starts it, with the sample loaded: what the scenarios over HTTP measure.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MeshgateError } from '../platform/errors.ts'

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const POLL_MS = 100
const ADDRESS = /listens on (http:\S+)/

export interface MeshUnderTest {
  readonly url: string
  close(): Promise<void>
}

export async function startMeshUnderTest(): Promise<MeshUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-'))
  const child = spawn(process.execPath, [...process.execArgv, main, 'dev'], {
    // As the launcher has it.
    env: { ...process.env, NODE_ENV: 'production', PORT: '0', MESHGATE_DATA_DIR: directory, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  while (!output.includes('Ready.')) {
    if (child.exitCode !== null) throw new MeshgateError('INTERNAL', `the mesh ended with ${child.exitCode}`)
    await sleep(POLL_MS)
  }
  const [, url = ''] = ADDRESS.exec(output) ?? []
  return {
    url,
    close: async () => {
      child.kill('SIGTERM')
      await exited
      await rm(directory, { recursive: true })
    },
  }
}
