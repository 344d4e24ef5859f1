// Entry of a thread that asks a process again and again whether it lives, and tells how long each answer took: those who attack it keep the
// main thread busy. On Linux it tells how long the process's main thread ran meanwhile: what it would have taken with a core of its own.
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

export interface Probe {
  readonly status: number
  readonly tookMs: number
  /** Of that the main thread ran: without what it waited for a core of a busy machine. */
  readonly ownMs: number
}

const PAUSE_MS = 100
/** Against hanging only. */
const PATIENCE_MS = 60_000
const { port, pid } = workerData as { port: number; pid: number }
// New connections: who is only answered on old ones is not well.
const agent = new Agent({ keepAlive: false })

function ask(): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/health/live', agent, timeout: PATIENCE_MS }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', reject)
  })
}

/** Milliseconds that the main thread has run so far; null where nobody tells. */
function ranMs(): number | null {
  try {
    const [ranNs = '0'] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')
    return Number(ranNs) / 1e6
  } catch {
    return null
  }
}

let stopped = false
parentPort?.once('message', () => (stopped = true))
while (!stopped) {
  const ranBeforeMs = ranMs()
  const startedMs = performance.now()
  const status = await ask().catch(() => 0)
  const tookMs = performance.now() - startedMs
  const ranAfterMs = ranMs()
  const ownMs = ranBeforeMs === null || ranAfterMs === null ? tookMs : Math.min(tookMs, ranAfterMs - ranBeforeMs)
  parentPort?.postMessage({ status, tookMs, ownMs } satisfies Probe)
  await wait(PAUSE_MS)
}
