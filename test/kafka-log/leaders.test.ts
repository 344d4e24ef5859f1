// What a channel takes for a partition's leader, without a broker: topics and brokers are learnt of by different answers.
import { expect, it } from 'vitest'
import { pino } from 'pino'
import { KafkaChannel } from '../../platform/adapters/kafka/kafka-channel.ts'
import { isTransient } from '../../platform/adapters/kafka/kafka-errors.ts'
import { systemClock } from '../../platform/system-clock.ts'

const HERE = { host: '127.0.0.1', port: 9092 }

it('takes a leader that is not among the brokers any more for none, and asks again who leads', async () => {
  const asked: string[] = []
  let leaders: readonly number[] | null = null
  const metadata = {
    brokers: new Map([1, 2].map((nodeId) => [nodeId, HERE])),
    controllerId: 2,
    topic: async (name: string) => {
      if (leaders === null) asked.push(name)
      leaders ??= [metadata.brokers.has(1) ? 1 : 2]
      return { leaders, replication: 2 }
    },
    forget: () => void (leaders = null),
    refresh: async () => new Map(),
  }
  const connection = { logger: pino({ level: 'silent' }), clientId: 'test', tls: false, sasl: null }
  const channel = new KafkaChannel({ metadata, connection, clock: systemClock, onClose: () => undefined })
  expect(await channel.leader('orders', 0)).toBe(1)
  // As an answer tells that was asked for another topic.
  metadata.brokers.delete(1)
  const failure = await channel.leader('orders', 0).catch((error: unknown) => error)
  expect(isTransient(failure)).toBe(true)
  expect(await channel.leader('orders', 0)).toBe(2)
  expect(asked).toEqual(['orders', 'orders'])
  channel.close()
})
