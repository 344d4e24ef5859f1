// Appends without a pause while brokers come and go, and finds what the log has of it.
import { setTimeout as pause } from 'node:timers/promises'
import type { EventLog, Position } from '../../platform/ports/event-log.ts'
import { codeOf, range, readAll, record, textOf } from '../conformance/event-log-harness.ts'

/** Appends serial numbers of some keys, several appends of a key under way at a time, until told to stop. */
export class Appending {
  readonly acknowledged: { readonly key: string; readonly serial: number; readonly position: Position }[] = []
  readonly failures: string[] = []
  readonly #log: EventLog
  readonly #topic: string
  readonly #running: Promise<unknown>
  readonly #sent = new Map<string, number>()
  #stopped = false

  constructor(log: EventLog, topic: string, keys: readonly string[]) {
    this.#log = log
    this.#topic = topic
    this.#running = Promise.all(keys.map((key) => this.#append(key)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** What the topic has to have once all is acknowledged: what was appended of each key, in its order. */
  get sent(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#sent].map(([key, next]) => [key, range(0, next)]))
  }

  async #append(key: string): Promise<void> {
    while (!this.#stopped) {
      const first = this.#sent.get(key) ?? 0
      this.#sent.set(key, first + 6)
      await Promise.all([0, 2, 4].map((step) => this.#appendPair(key, first + step)))
      await pause(2)
    }
  }

  async #appendPair(key: string, serial: number): Promise<void> {
    const records = [serial, serial + 1].map((each) => record(key, String(each)))
    try {
      const positions = await this.#log.append(this.#topic, records)
      for (const [at, position] of positions.entries()) this.acknowledged.push({ key, serial: serial + at, position })
    } catch (error) {
      this.failures.push(codeOf(error))
    }
  }
}

/** What the topic has of each key, in its order. */
export async function serialsOf(log: EventLog, topic: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const serials = new Map<string, number[]>()
  for (const { partition } of await log.offsets(topic)) {
    for (const { key, value } of await readAll(log, topic, partition)) {
      const name = textOf(key) ?? ''
      const ofKey = serials.get(name) ?? []
      serials.set(name, ofKey)
      ofKey.push(Number(textOf(value)))
    }
  }
  return serials
}
