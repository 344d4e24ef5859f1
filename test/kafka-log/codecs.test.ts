// Topics that other teams write: every codec of Kafka's own producer can be read.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { findJava } from '../../services/java-tools.ts'
import { serverJars } from '../../services/server-jars.ts'
import { createTopic, range, readAll, textOf } from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'

/** Enough for several blocks of snappy and lz4 in a batch. */
const LINES = range(0, 3_000).map((at) => `line ${String(at)} ${'abcdefghij'.repeat(at % 20)}`)

async function produceByJava(address: string, topic: string, codec: string): Promise<void> {
  const { executable } = await findJava(process.env)
  const jars = await serverJars('kafka', process.env)
  const tool = ['-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), 'org.apache.kafka.tools.ConsoleProducer']
  const properties = [`compression.type=${codec}`, 'linger.ms=200', 'batch.size=262144']
  const options = properties.flatMap((property) => ['--producer-property', property])
  await new Promise<void>((resolve, reject) => {
    const args = [...tool, '--bootstrap-server', address, '--topic', topic, ...options]
    const child = execFile(executable, args, (error) => (error === null ? resolve() : reject(error)))
    child.stdin?.end(`${LINES.join('\n')}\n`)
  })
}

describeServers('codecs of other producers', () => {
  let log: EventLog
  let address: string

  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  afterAll(() => log.close())

  it.each(['gzip', 'snappy', 'lz4', 'zstd', 'none'])('reads %s', async (codec) => {
    const topic = await createTopic(log)
    await produceByJava(address, topic, codec)
    expect((await readAll(log, topic)).map(({ value }) => textOf(value))).toEqual(LINES)
  })
})
