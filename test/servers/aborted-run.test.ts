// A test run that is ended in the middle leaves no server and no directory.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isPortFree } from '../../services/free-port.ts'
import { describeServers } from './test-servers.ts'

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const CONFIG = fileURLToPath(new URL('./aborted-run/vitest.config.ts', import.meta.url))

describeServers('an aborted run', () => {
  let temporary = ''

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'meshgate-aborted-'))
  })

  afterEach(() => rm(temporary, { recursive: true, force: true }))

  test.each(['SIGINT', 'SIGKILL'] as const)('by %s leaves no server and no directory', async (signal) => {
    // An argument that is no option keeps it from starting what its one file does not use.
    const args = [VITEST, 'run', '--config', CONFIG, 'never-ends']
    const environment = { ...process.env, TMPDIR: temporary, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined }
    const run = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(run, 'exit')
    let addresses: string[] = []
    for await (const line of createInterface({ input: run.stdout })) {
      const [, started] = /^started (.+)$/.exec(line) ?? []
      if (started === undefined) continue
      addresses = JSON.parse(started) as string[]
      expect(await Promise.all(addresses.map(isFree))).toEqual([false, false])
      run.kill(signal)
    }
    await ended
    await vi.waitFor(
      async () => {
        expect(await Promise.all(addresses.map(isFree))).toEqual([true, true])
        expect((await readdir(temporary)).filter((name) => name.startsWith('meshgate-'))).toEqual([])
      },
      { timeout: 30_000, interval: 200 },
    )
    expect(addresses).toHaveLength(2)
  })
})

function isFree(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':')
  return isPortFree(host, Number(port))
}
