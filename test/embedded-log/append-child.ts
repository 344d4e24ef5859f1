// A process to be killed while it appends: several appends in flight over two partitions. Says which records are durable, by name.
import { TOPIC } from './fixture-topic.ts'
import { openLog } from './child-log.ts'

const log = await openLog(process.argv[2] ?? '')
const run = process.argv[3] ?? ''
let next = 0
const write = async (): Promise<never> => {
  for (;;) {
    const names = Array.from({ length: 1 + (next % 7) }, () => `${run}-${String((next += 1))}`)
    await log.append(
      TOPIC,
      names.map((name) => ({ key: Buffer.from(name), value: Buffer.from(name.padEnd(300 + (next % 500), '.')) })),
    )
    process.stdout.write(`${names.join(' ')}\n`)
  }
}
await Promise.all(Array.from({ length: 6 }, write))
