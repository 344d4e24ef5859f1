// A process that sends many requests of every kind, some hundred at a time, and then has nothing more to do.
import { randomUUID } from 'node:crypto'
import { openLog } from './child-log.ts'

const log = await openLog(process.argv[2] ?? '')
const topic = `chatty-${randomUUID()}`
await log.createTopics([{ name: topic, partitions: 1, retentionMs: null, compacted: false }])
await log.tail({ topic, from: 'end', onBatch: () => undefined, onError: () => undefined })
for (let round = 0; round < 5; round += 1) {
  await log.append(topic, [{ key: null, value: Buffer.from(String(round)) }])
  await Promise.all(Array.from({ length: 100 }, () => log.read({ topic, partition: 0, offset: 0 }, 1)))
  await log.offsets(topic)
}
await log.close()
process.stdout.write('done\n')
