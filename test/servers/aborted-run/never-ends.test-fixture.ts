// A test that uses both kinds of servers and then hangs; says on its output which processes they are.
import { test } from 'vitest'
import { kafkaAddress, startOwnKafka } from '../test-servers.ts'

test('never ends', async () => {
  const [shared, own] = await Promise.all([kafkaAddress(), startOwnKafka()])
  process.stdout.write(`\nstarted ${JSON.stringify([shared, own.address])}\n`)
  await new Promise(() => undefined)
})
