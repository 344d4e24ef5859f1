// Looks at a process while it is attacked, as its other clients and its operator do: whether it answers, how soon, what is right, how much
// memory it holds, what its log says.
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Target } from '../targets/target.ts'
import type { Probe } from './health-thread.ts'

export interface Watched {
  /** What went wrong, each once. */
  readonly problems: readonly string[]
  /** The longest that somebody else waited for an answer to `/health/live`, in all and while its main thread ran, and how often they asked. */
  readonly longestMs: number
  readonly longestOwnMs: number
  readonly probes: number
  /** Right answers to good requests. */
  readonly right: number
  /** Of the process, in MB, in the order of the samples. */
  readonly residentMegabytes: readonly number[]
}

export interface Watch {
  /** Longest answer since the last call, without the waiting for other processes. */
  takeLongestMs(): number
  /** How long an answer takes now, or took last. */
  latencyMs(): number
  stop(): Promise<Watched>
}

const GOOD_PAUSE_MS = 200
/** Of the thread that probes, and then some. */
const PROBE_PAUSE_MS = 200
const SAMPLE_PAUSE_MS = 5_000

export async function watchTarget(target: Target): Promise<Watch> {
  const problems = new Set<string>()
  const samples: number[] = []
  const expected = await Promise.all(target.good.map((body) => ask(target.port, body)))
  const odd = expected.filter((answer) => !('data' in answer) || 'errors' in answer)
  if (odd.length > 0) throw new Error(`The good requests are not answered well: ${JSON.stringify(odd)}`)
  const stopped = new AbortController()
  let longestMs = 0
  let longestOwnMs = 0
  let recentMs = 0
  let latencyMs = 0
  let askedMs = performance.now()
  let probes = 0
  let right = 0
  const thread = new Worker(new URL('./health-thread.ts', import.meta.url), {
    workerData: { port: target.port, pid: target.running.child.pid },
  })
  thread.on('message', ({ status, tookMs, ownMs }: Probe) => {
    probes++
    longestMs = Math.max(longestMs, tookMs)
    latencyMs = tookMs
    askedMs = performance.now()
    longestOwnMs = Math.max(longestOwnMs, ownMs)
    recentMs = Math.max(recentMs, ownMs)
    if (status !== 200) problems.add(`/health/live answered with ${status === 0 ? 'nothing' : status}`)
  })
  const compare = async (): Promise<void> => {
    for (let turn = 0; !stopped.signal.aborted; turn++) {
      const at = turn % target.good.length
      const answer = await ask(target.port, target.good[at] ?? '').catch((error: unknown) => ({
        failed: String(error),
      }))
      if (isDeepStrictEqual(answer, expected[at])) right++
      else problems.add(`a good request was answered with ${JSON.stringify(answer).slice(0, 300)}`)
      await wait(GOOD_PAUSE_MS)
    }
  }
  const sample = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      samples.push(await residentMegabytes(target.recordsPort).catch(() => Number.NaN))
      await wait(SAMPLE_PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }
  const running = [compare(), sample()]
  return {
    latencyMs: () => Math.max(latencyMs, performance.now() - askedMs - PROBE_PAUSE_MS),
    takeLongestMs: () => {
      const taken = recentMs
      recentMs = 0
      return taken
    },
    stop: async () => {
      stopped.abort()
      await Promise.all(running)
      const ended = new Promise((resolve) => thread.once('exit', resolve))
      thread.postMessage('stop')
      await ended
      return { problems: [...problems], longestMs, longestOwnMs, probes, right, residentMegabytes: samples }
    },
  }
}

async function ask(port: number, body: string): Promise<object> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return (await response.json()) as object
}

export async function residentMegabytes(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]) / 1_048_576
}

/** By pino's numbers, or as a terminal is told; and what libraries write by themselves. */
const FAILURES = [/unhandled|uncaught/i, /"level":[56]0/, /^\S+ (?:ERROR|FATAL)/, /Please check your implementation/]

/** Lines of a log that speak of a failure of our own, one of those that differ in numbers and ids alone. */
export function failuresInLog(log: string): string[] {
  const failures = log.split('\n').filter((line) => FAILURES.some((sign) => sign.test(line)))
  return [...new Map(failures.map((line) => [line.replace(/[0-9a-f]{8}-[-0-9a-f]{27}|\d+/g, '#'), line])).values()]
}
