// Appends that fail on a real broker: what was given up never lands behind what came later, and a failure takes nobody else with it.
import { randomBytes } from 'node:crypto'
import { ConfigResourceTypes } from 'kafkajs'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KafkaConnection } from '../../platform/adapters/kafka/kafka-connection.ts'
import { throwIfFailed } from '../../platform/adapters/kafka/kafka-messages.ts'
import { PartitionQueue } from '../../platform/adapters/kafka/partition-queue.ts'
import { encodeProduce } from '../../platform/adapters/kafka/produce-message.ts'
import type { ProduceAnswer } from '../../platform/adapters/kafka/produce-message.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { codeOf, createTopic, readAll, record, textOf } from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { withAdmin } from './topic-admin.ts'

const INVALID_PRODUCER_EPOCH = 47

describeServers('an append that fails', () => {
  let log: EventLog
  let address: string
  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  afterAll(() => log.close())

  it('leaves nothing of the same call behind the part that was refused', async () => {
    const topic = await createTopic(log)
    const configEntries = [{ name: 'max.message.bytes', value: '500000' }]
    await withAdmin(address, (admin) =>
      admin.alterConfigs({
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
        validateOnly: false,
      }),
    )
    const outcomes = await Promise.all([
      log
        .append(topic, [
          { key: null, value: randomBytes(900_000) },
          { key: null, value: randomBytes(300_000) },
        ])
        .then(() => 'appended', codeOf),
      log.append(topic, [record('a', 'of another call')]).then(() => 'appended', codeOf),
    ])
    expect(outcomes).toEqual(['LOG_RECORD_TOO_LARGE', 'appended'])
    expect((await readAll(log, topic)).map(({ value }) => textOf(value))).toEqual(['of another call'])
  })

  it('takes no other call of its batch with it when the broker refuses its content', async () => {
    const topic = await createTopic(log, { compacted: true })
    const outcomes = await Promise.all(
      [record('a', '1'), record(null, '2'), record('c', '3')].map((each) =>
        log.append(topic, [each]).then(
          () => 'appended',
          () => 'refused',
        ),
      ),
    )
    expect(outcomes).toEqual(['appended', 'refused', 'appended'])
    expect((await readAll(log, topic)).map(({ value }) => textOf(value))).toEqual(['1', '3'])
  })

  it('is appended before what came later, or never', async () => {
    const topic = await createTopic(log)
    const connection = await KafkaConnection.open({
      brokers: [address],
      clock: systemClock,
      logger: pino({ level: 'silent' }),
      clientId: 'meshgate-test',
      tls: false,
      sasl: null,
    })
    const channel = connection.openChannel()
    const identity = await channel.withAnyBroker('become a producer', async (broker) => {
      const answer = await broker.send('InitProducerId', { transactionalId: null, transactionTimeout: 60_000 })
      throwIfFailed(answer)
      return { producerId: BigInt(answer.producerId), epoch: answer.producerEpoch }
    })
    const send = async (bytes: Buffer): Promise<number | undefined> => {
      const broker = channel.broker(await channel.leader(topic, 0))
      const answer = await broker.sendMessage<ProduceAnswer>(encodeProduce([{ topic, partition: 0, bytes }]))
      return answer.topics[0]?.partitions[0]?.errorCode
    }
    const queue = new PartitionQueue(topic, 0)
    queue.adopt(identity)
    const next = (value: string): Buffer => {
      const records = [record('key', value)]
      const nobody = (): void => undefined
      queue.push({ append: {}, records, bytes: 10, deadlineMs: Infinity, resolve: nobody, reject: nobody })
      return queue.next(systemClock.now())
    }
    expect(await send(next('first'))).toBe(0)
    queue.acknowledged(0)
    // On its way for so long that it is given up.
    const late = next('second')
    queue.giveUp(new Error('no answer'))
    expect(await send(next('third'))).toBe(0)
    expect(await send(late)).toBe(INVALID_PRODUCER_EPOCH)
    expect((await readAll(log, topic)).map(({ value }) => textOf(value))).toEqual(['first', 'third'])
    channel.close()
    connection.close()
  })
})
