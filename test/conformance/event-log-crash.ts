// Runs a consumer in a process of its own and kills it with SIGKILL while a batch is in hand.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EventLogHarness } from './event-log-harness.ts'

const CHILD = fileURLToPath(new URL('./event-log-child.ts', import.meta.url))

export interface CrashPlan {
  readonly topic: string
  readonly group: string
  readonly batchRecordsMax: number
  /** Batches to handle before the one that is never finished. */
  readonly batchesHandled: number
}

export interface Crash {
  /** Offsets of batches whose handler resolved. */
  readonly handled: number[]
  /** First offset of the batch that was in hand. */
  readonly inHand: number
}

export async function killWhileInHand(child: EventLogHarness['child'], plan: CrashPlan): Promise<Crash> {
  const process_ = spawn(process.execPath, [CHILD, JSON.stringify({ ...child, ...plan })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(process_, 'exit')
  const handled: number[] = []
  let inHand = -1
  for await (const line of createInterface({ input: process_.stdout })) {
    const message = JSON.parse(line) as { handled?: number[]; inHand?: number }
    handled.push(...(message.handled ?? []))
    if (message.inHand === undefined) continue
    inHand = message.inHand
    process_.kill('SIGKILL')
  }
  await exited
  return { handled, inHand }
}
