// Stops the servers of `npm run services` in a directory when the test that started them is gone, however it ended: they outlive their
// starter by design. Started with an IPC channel, the directory as its argument.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../services/main.ts', import.meta.url))
const directory = process.argv[2] ?? ''

process.once('disconnect', () => {
  spawnSync(process.execPath, [MAIN, 'stop', '--directory', directory], { stdio: 'ignore' })
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
})
