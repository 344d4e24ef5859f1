// Latencies of calls that are begun at a given rate, whatever those before them take: a slow moment is met by all that come in it.
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../measure.ts'

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function latencyAt(
  perSecond: number,
  calls: number,
  call: (at: number) => Promise<unknown>,
): Promise<Latency> {
  const times: number[] = []
  const running: Promise<void>[] = []
  const began = performance.now()
  for (let at = 0; at < calls; at += 1) {
    const due = began + (at / perSecond) * 1_000
    // Timers are exact to a millisecond or so: what is due meanwhile is begun together.
    while (performance.now() < due) await sleep(1)
    const from = performance.now()
    running.push(call(at).then(() => void times.push(performance.now() - from)))
  }
  await Promise.all(running)
  return latencyOf(times)
}

/** One after the other. */
export async function latencyInTurn(calls: number, call: (at: number) => Promise<unknown>): Promise<Latency> {
  const times: number[] = []
  for (let at = 0; at < calls; at += 1) {
    const from = performance.now()
    await call(at)
    times.push(performance.now() - from)
  }
  return latencyOf(times)
}

function latencyOf(times: readonly number[]): Latency {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
}
