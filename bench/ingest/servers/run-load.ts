// Runs one load in a process of its own.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LoadTask } from './load-process.ts'
import type { LoadFigures } from './server-load.ts'

const PROCESS = fileURLToPath(new URL('load-process.ts', import.meta.url))
/** Against hanging only. */
const LOAD_MS_MAX = 600_000

export async function runLoad(task: LoadTask): Promise<LoadFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, JSON.stringify(task)], {
    timeout: LOAD_MS_MAX,
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LoadFigures
}
