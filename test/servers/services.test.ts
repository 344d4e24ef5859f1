// Own servers: what they hold survives a SIGKILL, and their address stays.
import { Client } from 'cassandra-driver'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { describeServers, kafkaAddress, startOwnCassandra, startOwnKafka } from './test-servers.ts'

describeServers('a server', () => {
  test('Kafka: what was acknowledged is there after SIGKILL and a start, at the same address', async () => {
    const server = await startOwnKafka()
    const { address, pid } = server
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }, { value: 'two' }] })
    await Promise.all([producer.disconnect(), admin.disconnect()])

    await server.kill()
    await server.start()

    expect(server.address).toBe(address)
    expect(server.pid).not.toBe(pid)
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets('kept')
    await admin.disconnect()
    expect(offsets).toEqual([{ partition: 0, offset: '2', high: '2', low: '0' }])
  })

  test('Cassandra: a row that was acknowledged is there after SIGKILL and a start, at the same address', async () => {
    const server = await startOwnCassandra()
    const { address, pid } = server
    await query(address, "CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    await query(address, 'CREATE TABLE kept.rows (id int PRIMARY KEY, text text)')
    await query(address, "INSERT INTO kept.rows (id, text) VALUES (1, 'one')")

    await server.kill()
    await server.start()

    expect(server.address).toBe(address)
    expect(server.pid).not.toBe(pid)
    expect(await query(address, 'SELECT id, text FROM kept.rows')).toEqual([{ id: 1, text: 'one' }])
  })

  test('the shared one is started once', async () => {
    expect(await kafkaAddress()).toBe(await kafkaAddress())
  })
})

async function query(address: string, statement: string): Promise<object[]> {
  const client = new Client({ contactPoints: [address], localDataCenter: 'datacenter1' })
  try {
    const { rows } = await client.execute(statement)
    return (rows ?? []).map((row) => ({ ...row }))
  } finally {
    await client.shutdown()
  }
}
