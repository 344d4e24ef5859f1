// How much a batch holds: what waits, up to its bounds. So an idle topic's record is not kept waiting, and a backlog is not taken in drops.
import { expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import { eventually, gate, numbered } from '../conformance/event-log-harness.ts'
import { TOPIC, fixture } from './fixture.ts'

/** Sizes of the batches that come while `appends` are made one after the other, the first batch being held until all are there. */
async function batchSizes(log: EventLog, appends: readonly number[]): Promise<readonly number[]> {
  const sizes: number[] = []
  const release = gate()
  const inHand = gate()
  const [first = 0, ...later] = appends
  await log.append(TOPIC, numbered(0, first))
  await log.consume({
    group: 'group',
    topics: [TOPIC],
    handler: async ({ records }) => {
      sizes.push(records.length)
      inHand.open()
      await release.opened
    },
  })
  await inHand.opened
  for (const count of later) await log.append(TOPIC, numbered(0, count))
  release.open()
  const total = appends.reduce((sum, count) => sum + count, 0)
  await eventually(async () => expect(await log.committed('group', TOPIC)).toEqual([total]))
  return sizes
}

it('hands a record over at once where no other waits', async () => {
  const log = await (await fixture()).open()
  expect(await batchSizes(log, [1])).toEqual([1])
  await log.close()
})

it('hands over together what has come while a batch was in hand', async () => {
  const log = await (await fixture()).open()
  expect(await batchSizes(log, [1, 3, 500, 1, 20])).toEqual([1, 524])
  await log.close()
})

it('hands over no more than the bound of a batch', async () => {
  const log = await (await fixture()).open()
  const { logBatchRecordsMax: most } = limits
  expect(await batchSizes(log, [1, most, most, 7])).toEqual([1, most, most, 7])
  await log.close()
})

it('lets partitions with a batch in hand share the bound, and leaves each a batch worth its fsync', async () => {
  const log = await (await fixture()).open({ partitions: 8 })
  for (let partition = 0; partition < 8; partition += 1) await log.append(TOPIC, numbered(0, 5_000, partition))
  const sizes: number[] = []
  const release = gate()
  const handler = async ({ records }: RecordBatch): Promise<void> => {
    sizes.push(records.length)
    await release.opened
  }
  for (const group of ['first', 'second']) {
    const before = sizes.length
    await log.consume({ group, topics: [TOPIC], handler })
    await eventually(() => expect(sizes.length).toBe(before + 8))
  }
  const { logBatchRecordsMax: most, consumeBatchRecordsMax: least } = limits
  expect(sizes.toSorted((a, b) => b - a)).toEqual(
    Array.from({ length: 16 }, (_, index) => Math.max(least, Math.floor(most / (index + 1)))),
  )
  release.open()
  await log.close()
})
