// How consumers close while a handler is at work: they wait for it, but not for ever, and what it does later neither gets lost nor
// reaches files that have been let go.
import { expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { Received, codeOf, gate, numbered, range } from '../conformance/event-log-harness.ts'
import { TOPIC, fixture } from './fixture.ts'

const GROUP = 'group'

/** A consumer whose handler stands still until told to go on. */
async function stuckConsumer() {
  const files = await fixture()
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 5))
  const [inHand, release] = [gate(), gate()]
  const told: unknown[] = []
  const consumer = await log.consume({
    group: GROUP,
    topics: [TOPIC],
    handler: async () => {
      inHand.open()
      await release.opened
    },
    onError: (error, at) => void told.push([codeOf(error), at]),
  })
  await inHand.opened
  /** Moves the clock once somebody waits for the handler. */
  const letTimePass = async (closing: Promise<void>, sleepers: number): Promise<void> => {
    await expect.poll(() => files.clock.sleeping()).toBe(sleepers)
    files.clock.advance(limits.consumerCloseWaitMs)
    await closing
  }
  return { files, log, consumer, release, told, letTimePass }
}

const stuck = [['HANDLER_STUCK', { topic: TOPIC, partition: 0, offset: 0 }]]

it('closes in bounded time though a handler never ends, tells which, and delivers its batch again', async () => {
  const { files, log, release, told, letTimePass } = await stuckConsumer()
  await letTimePass(log.close(), 1)
  expect(told).toEqual(stuck)
  const reopened = await files.open()
  // The old handler ends at last: its position must not be written behind the back of whoever holds the files now.
  release.open()
  await expect.poll(() => told.length).toBe(2)
  expect(told[1]).toEqual(['LOG_CLOSED', { topic: TOPIC, partition: 0, offset: 0 }])
  expect(await reopened.committed(GROUP, TOPIC)).toEqual([null])
  const received = new Received()
  await reopened.consume({ group: GROUP, topics: [TOPIC], handler: async (batch) => received.add(batch) })
  await expect.poll(() => received.of(0)).toEqual(range(0, 5))
  await reopened.close()
})

it('gives the partition of a member that left with a stuck handler to another only once that has ended', async () => {
  const { log, consumer, release, told, letTimePass } = await stuckConsumer()
  await letTimePass(consumer.close(), 2)
  expect(told).toEqual(stuck)
  const received = new Received()
  const next = await log.consume({ group: GROUP, topics: [TOPIC], handler: async (batch) => received.add(batch) })
  expect(next.assignment()).toEqual([])
  await log.append(TOPIC, numbered(5, 5))
  release.open()
  await expect.poll(() => received.of(0)).toEqual(range(5, 10))
  await log.close()
})
