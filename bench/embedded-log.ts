// Measures the embedded log on this machine: appends with fsync, replay, and the time from an append to the listener of a tail.
// Usage: node bench/embedded-log.ts [directory]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../platform/adapters/embedded-log/embedded-log.ts'
import type { AppendRecord, EventLog } from '../platform/ports/event-log.ts'
import { systemClock } from '../platform/system-clock.ts'

const BATCH = 1_000
const BATCHES = 400
const VALUE_BYTES = 238

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function batchOf(seed: number): AppendRecord[] {
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  return Array.from({ length: BATCH }, (_, at) => ({ key: Buffer.from(`key-${String(seed * BATCH + at)}`), value }))
}

async function measured(title: string, records: number, work: () => Promise<void>): Promise<void> {
  const cpuBefore = process.cpuUsage()
  const before = performance.now()
  await work()
  const seconds = (performance.now() - before) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  const rate = Math.round(records / seconds).toLocaleString('en')
  const user = (cpu.user / records).toFixed(2)
  const system = (cpu.system / records).toFixed(2)
  say(`${title}: ${rate} records/s, ${user} + ${system} µs CPU a record (own + kernel)`)
}

async function appendAll(log: EventLog, topic: string, inFlight: number): Promise<void> {
  const batches = Array.from({ length: 20 }, (_, seed) => batchOf(seed))
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < BATCHES) {
      const batch = batches[next % batches.length] ?? []
      next += 1
      await log.append(topic, batch)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, writer))
}

async function readAll(log: EventLog, topic: string): Promise<void> {
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    for (let offset = earliest; offset < next;) {
      const records = await log.read({ topic, partition, offset }, BATCH)
      offset = (records.at(-1)?.offset ?? next) + 1
    }
  }
}

async function latencies(log: EventLog, topic: string): Promise<number[]> {
  const taken: number[] = []
  let appendedAt = 0
  let arrived: () => void = () => undefined
  const tail = await log.tail({
    topic,
    from: 'end',
    onBatch: () => {
      taken.push(performance.now() - appendedAt)
      arrived()
    },
    onError: (error) => say(`The tail ended: ${String(error)}`),
  })
  for (let at = 0; at < 500; at += 1) {
    const arrival = new Promise<void>((resolve) => (arrived = resolve))
    appendedAt = performance.now()
    await Promise.all([log.append(topic, [{ key: null, value: Buffer.from('event') }]), arrival])
  }
  await tail.close()
  return taken.toSorted((a, b) => a - b)
}

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'meshgate-log-'))
let log = await openEmbeddedLog({ directory, clock: systemClock })
const topics = [1, 4].map((partitions) => ({
  name: `p${String(partitions)}`,
  partitions,
  retentionMs: null,
  compacted: false,
}))
await log.createTopics(topics)
const records = BATCH * BATCHES
await measured('append, 1 partition, 1 batch in flight', records, () => appendAll(log, 'p1', 1))
await measured('append, 1 partition, 8 batches in flight', records, () => appendAll(log, 'p1', 8))
await measured('append, 4 partitions, 8 batches in flight', records, () => appendAll(log, 'p4', 8))
await log.close()
const beforeOpen = performance.now()
log = await openEmbeddedLog({ directory, clock: systemClock })
say(`open, ${String(records * 3)} records held: ${(performance.now() - beforeOpen).toFixed(1)} ms`)
await measured('replay, 1 partition', records * 2, () => readAll(log, 'p1'))
const sorted = await latencies(log, 'p1')
const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
say(`append to tail: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
await log.close()
await rm(directory, { recursive: true })
