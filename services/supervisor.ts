// A process that holds one Java process for the one that started it: when that one is gone, however it ended, so is Java, and with it the
// directory that was made for it. Ends itself when Java has ended.
import { spawn } from 'node:child_process'
import { openSync, rmSync } from 'node:fs'
import type { SupervisorJob } from './server-process.ts'

const job = JSON.parse(process.argv[2] ?? '{}') as SupervisorJob
const log = openSync(job.logFile, 'a')
const child = spawn(job.executable, job.args, { cwd: job.directory, stdio: ['ignore', log, log] })
let orphaned = false

const end = (): void => {
  orphaned = true
  child.kill('SIGKILL')
}

child.once('error', () => {
  process.exit(1)
})
child.once('spawn', () => {
  if (process.connected) process.send?.({ pid: child.pid })
})
child.once('exit', () => {
  if (orphaned && job.temporaryDirectory !== undefined) {
    // Another supervisor of the same directory may still have files open in it: whoever comes last leaves nothing.
    rmSync(job.temporaryDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  process.exit(0)
})
process.once('disconnect', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
// The starter may have ended before this process listened.
if (!process.connected) end()
