// Follows partitions from given offsets with one long poll per leader, however many topics: whoever appends is read within milliseconds.
// Finds new leaders, outlasts brokers, and neither leaves out nor repeats a record. A partition that cannot be followed any more is
// dropped and its sink told.
import { limits } from '../../limits.ts'
import type { LogRecord } from '../../ports/event-log.ts'
import type { FetchedPartition } from './fetch-message.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import { isTransient, nextDelay, toMeshgateError } from './kafka-errors.ts'

export interface PartitionSink {
  /** The next poll waits for it: memory is bounded by one answer per leader. `next`: behind what came, gaps included. */
  fetched(records: readonly LogRecord[], next: number): Promise<void>
  /** Nothing comes any more: LOG_OFFSET_OUT_OF_RANGE, LOG_TOPIC_UNKNOWN, LOG_ACCESS_DENIED, LOG_CORRUPT. */
  failed(error: Error): void
}

export interface Followed {
  readonly topic: string
  readonly partition: number
  stop(): void
}

interface Place extends Followed {
  readonly sink: PartitionSink
  offset: number
  delayMs: number
}

export class PartitionFollower {
  readonly #connection: KafkaConnection
  readonly #channel: KafkaChannel
  readonly #stop = new AbortController()
  readonly #places = new Set<Place>()
  /** Of a leader: what its next poll asks for. A leader without an entry has no loop. */
  readonly #polled = new Map<number, Set<Place>>()

  constructor(connection: KafkaConnection) {
    this.#connection = connection
    this.#channel = connection.openChannel()
  }

  follow(topic: string, partition: number, offset: number, sink: PartitionSink): Followed {
    const place: Place = {
      topic,
      partition,
      offset,
      sink,
      delayMs: limits.kafkaRetryDelayMsMin,
      stop: () => this.#places.delete(place),
    }
    this.#places.add(place)
    void this.#settle(place)
    return place
  }

  close(): void {
    this.#stop.abort()
    this.#places.clear()
    this.#channel.close()
  }

  /** Hands the place to the loop of its leader. */
  async #settle(place: Place): Promise<void> {
    try {
      const leader = await this.#channel.leader(place.topic, place.partition)
      if (!this.#places.has(place)) return
      const polled = this.#polled.get(leader)
      if (polled === undefined) {
        this.#polled.set(leader, new Set([place]))
        void this.#poll(leader)
      } else {
        polled.add(place)
        // A poll that waits would keep the newcomer waiting.
        this.#channel.broker(leader).close()
      }
    } catch (error) {
      await this.#unsettle(place, error)
    }
  }

  /** After a failure: settles again later, or gives up. */
  async #unsettle(place: Place, error: unknown): Promise<void> {
    if (!this.#places.has(place)) return
    if (!isTransient(error)) {
      this.#places.delete(place)
      place.sink.failed(toMeshgateError(error, `follow ${place.topic}`))
      return
    }
    this.#connection.metadata.forget(place.topic)
    const { delayMs } = place
    place.delayMs = nextDelay(delayMs)
    try {
      await this.#connection.clock.sleep(delayMs, this.#stop.signal)
    } catch {
      return
    }
    await this.#settle(place)
  }

  async #poll(leader: number): Promise<void> {
    const polled = this.#polled.get(leader) ?? new Set()
    for (;;) {
      for (const place of polled) if (!this.#places.has(place)) polled.delete(place)
      if (polled.size === 0 || this.#stop.signal.aborted) break
      const asked = [...polled]
      try {
        const answers = await this.#channel.fetch(leader, {
          from: asked,
          waitMs: limits.kafkaFetchWaitMs,
          bytesMax: limits.consumeBatchBytesMax,
          partitionBytesMax: limits.consumeBatchBytesMax,
        })
        await this.#handOut(asked, answers, polled)
      } catch (error) {
        // Interrupted for a newcomer, who is in the next poll.
        if (isTransient(error) && polled.size > asked.length) continue
        for (const place of asked) {
          polled.delete(place)
          void this.#unsettle(place, error)
        }
      }
    }
    this.#polled.delete(leader)
  }

  async #handOut(asked: readonly Place[], answers: readonly FetchedPartition[], polled: Set<Place>): Promise<void> {
    for (const answer of answers) {
      const place = asked.find(({ topic, partition }) => topic === answer.topic && partition === answer.partition)
      if (place === undefined || !this.#places.has(place)) continue
      if (answer.error !== null) {
        polled.delete(place)
        void this.#unsettle(place, answer.error)
        continue
      }
      place.delayMs = limits.kafkaRetryDelayMsMin
      if (answer.nextOffset === place.offset) continue
      place.offset = answer.nextOffset
      // To the end of the line: the broker fills its answer from the front.
      polled.delete(place)
      polled.add(place)
      await place.sink.fetched(answer.records, answer.nextOffset)
    }
  }
}
