// SIGKILL during appends, at points that a seed chooses.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readAll } from '../conformance/event-log-harness.ts'
import { TOPIC, fixture, values } from './fixture.ts'

const CHILD = fileURLToPath(new URL('./append-child.ts', import.meta.url))
const SEED = 20_260_102
const RUNS = 6

/** Appends in a process of its own until so many appends were acknowledged, then kills it; returns the records known durable. */
async function killAfter(directory: string, run: number, acknowledgements: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const durable: string[] = []
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    durable.push(...line.split(' '))
    lines += 1
    if (lines === acknowledgements) child.kill('SIGKILL')
  }
  await exited
  return durable
}

it('loses nothing acknowledged, repeats nothing and leaves no gap, however often it is killed', async () => {
  const files = await fixture({ segmentBytesMax: 100_000 })
  await (await files.open({ partitions: 2 })).close()
  let random = SEED
  const durable: string[] = []
  for (let run = 0; run < RUNS; run += 1) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
    durable.push(...(await killAfter(files.directory, run, 1 + (random % 300))))
    const log = await files.openAsItIs()
    const held = await log.offsets(TOPIC)
    const records = await Promise.all(held.map(({ partition }) => readAll(log, TOPIC, partition)))
    const offsets = records.map((each) => each.map(({ offset }) => offset))
    expect(offsets).toEqual(held.map(({ next }) => Array.from({ length: next }, (_, offset) => offset)))
    const names = records.flatMap((each) => values(each).map((value) => value.replace(/\.+$/, '')))
    expect(new Set(names).size).toBe(names.length)
    expect(durable.filter((name) => !names.includes(name))).toEqual([])
    await log.close()
  }
})
