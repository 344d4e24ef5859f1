// Attacks a target with the inputs of a row of seeds, several at a time, and judges what came of it.
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { checkAnswers } from './answers/check-answers.ts'
import { inputOf, type Input } from './input.ts'
import { sendExchange } from './send-exchange.ts'
import type { Surface, Target } from './targets/target.ts'
import { failuresInLog, residentMegabytes, watchTarget } from './watch/watch-target.ts'

export interface AttackOptions {
  readonly from: number
  /** Whichever comes first ends it. */
  readonly count: number
  readonly seconds: number
  readonly atOnce?: number
  readonly only?: Surface
  /** How long others may wait. */
  readonly stallMsMax: number
  /** Told of each finding as it comes. */
  readonly onFinding?: (finding: Finding) => void
  readonly signal?: AbortSignal
}

export interface Finding {
  /** Null: of the run, not of one input. */
  readonly seed: number | null
  readonly what: string
}

export interface AttackReport {
  readonly target: string
  readonly inputs: number
  readonly bySurface: Readonly<Record<string, number>>
  /** How often each status, or close code, came. */
  readonly byStatus: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
  /** That somebody else waited, in all, and without what the target waited for a core of a busy machine. */
  readonly longestMs: number
  readonly longestOwnMs: number
  readonly probes: number
  readonly right: number
  /** When a tenth of the time was over, at most, and after a pause at the end. */
  readonly residentMegabytes: { readonly before: number; readonly most: number; readonly after: number }
}

const AT_ONCE = 16
/** Who gets an answer at all gets its first byte by then; a few wait for a subgraph that never answers. */
const PATIENCE_MS_MIN = 400
const PATIENCE_MS_MAX = 10_000
/** Streams and sockets of clients that left are gone by then, and what they held can be collected. */
const PAUSE_MS = 5_000

export async function attack(target: Target, options: AttackOptions): Promise<AttackReport> {
  const { from, count, seconds, only, atOnce = AT_ONCE } = options
  const findings: Finding[] = []
  const find = (seed: number | null, what: string): void => {
    findings.push({ seed, what })
    options.onFinding?.({ seed, what })
  }
  const ended = new AbortController()
  once(target.running.child, 'exit', { signal: ended.signal }).then(
    ([code, signal]) => {
      find(null, `the process has ended: ${String(code ?? signal)}; ${target.running.output().slice(-2_000)}`)
      ended.abort()
    },
    () => undefined,
  )
  const watch = await watchTarget(target)
  const tally = { inputs: 0, surfaces: new Map<string, number>(), statuses: new Map<number, number>() }
  const underWay = new Map<number, Input>()
  // Who gave up sooner on a busy machine would pile up work that nobody waits for, and see no answers.
  const patienceMs = (): number => Math.min(PATIENCE_MS_MAX, Math.max(PATIENCE_MS_MIN, 4 * watch.latencyMs()))
  const until = Date.now() + seconds * 1_000
  let next = from
  const send = async (): Promise<void> => {
    while (next < from + count && Date.now() < until && !ended.signal.aborted && options.signal?.aborted !== true) {
      const input = inputOf(next++, target, only)
      underWay.set(input.seed, input)
      const { received, hasEnded } = await sendExchange(input.port, input.exchange, patienceMs())
      underWay.delete(input.seed)
      tally.inputs++
      add(tally.surfaces, input.surface)
      const isStreaming = input.surface === 'stream' || input.surface === 'socket' || input.exchange.ends === 'resets'
      const checked = checkAnswers(received, input.exchange.isHead === true, hasEnded && !isStreaming)
      for (const status of checked.statuses) add(tally.statuses, status)
      for (const problem of checked.problems) find(input.seed, `${input.surface}, ${input.exchange.kind}: ${problem}`)
    }
  }
  const lookout = lookOut()
  await Promise.all(Array.from({ length: atOnce }, send))
  await wait(ended.signal.aborted ? 0 : PAUSE_MS)
  const isAlive = !ended.signal.aborted
  ended.abort()
  await lookout
  const after = isAlive ? await residentMegabytes(target.recordsPort) : Number.NaN
  const { problems, longestMs, longestOwnMs, probes, right, residentMegabytes: samples } = await watch.stop()
  for (const problem of problems) find(null, problem)
  for (const line of failuresInLog(target.running.output())) find(null, `in the log: ${line.slice(0, 600)}`)
  const before = samples[Math.floor(samples.length / 10)] ?? Number.NaN
  return {
    target: target.name,
    inputs: tally.inputs,
    bySurface: Object.fromEntries(tally.surfaces),
    byStatus: Object.fromEntries(tally.statuses),
    findings,
    longestMs,
    longestOwnMs,
    probes,
    right,
    residentMegabytes: { before, most: Math.max(...samples.filter((sample) => !Number.isNaN(sample)), after), after },
  }

  /** Says which inputs were under way when others had to wait. */
  async function lookOut(): Promise<void> {
    while (!ended.signal.aborted) {
      await wait(1_000, undefined, { signal: ended.signal }).catch(() => undefined)
      const waitedMs = watch.takeLongestMs()
      if (waitedMs > options.stallMsMax) {
        find(
          null,
          `others waited ${Math.round(waitedMs)} ms; under way were ${[...underWay.keys()].join(', ')}, next ${next}`,
        )
      }
    }
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
