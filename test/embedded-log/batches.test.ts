// How much a batch holds: what waits, up to its bounds. So an idle topic's record is not kept waiting, and a backlog is not taken in drops. And how
// many backlogs are in hand at a time, so that memory does not grow with their number.
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import type { ConsumeOptions, EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
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

const { logBacklogsInHandMax: inHandMax } = limits
const BACKLOG = 200

/** A log whose topic has a backlog in each partition. */
async function withBacklogs(partitions: number, records: number): Promise<EventLog> {
  const log = await (await fixture()).open({ partitions })
  for (let partition = 0; partition < partitions; partition += 1) {
    await log.append(TOPIC, numbered(0, records, partition))
  }
  return log
}

it('lets backlogs share the bound of a batch, and leaves each a batch worth its fsync', async () => {
  const log = await withBacklogs(inHandMax, 5_000)
  const sizes: number[] = []
  const release = gate()
  const handler = async ({ records }: RecordBatch): Promise<void> => {
    sizes.push(records.length)
    await release.opened
  }
  await log.consume({ group: 'group', topics: [TOPIC], handler })
  await eventually(() => expect(sizes.length).toBe(inHandMax))
  const { logBatchRecordsMax: most, consumeBatchRecordsMax: least } = limits
  expect(sizes.toSorted((a, b) => b - a)).toEqual(
    Array.from({ length: inHandMax }, (_, index) => Math.max(least, Math.floor(most / (index + 1)))),
  )
  release.open()
  await log.close()
})

it('has so many backlogs in hand at a time, of all groups, and the others in their turn', async () => {
  const log = await withBacklogs(inHandMax, BACKLOG)
  let inHand = 0
  let most = 0
  const handled: string[] = []
  const consume = (group: string) =>
    log.consume({
      group,
      topics: [TOPIC],
      batchRecordsMax: BACKLOG / 2,
      handler: async ({ partition, records }) => {
        inHand += 1
        most = Math.max(most, inHand)
        await setImmediate()
        inHand -= 1
        for (const { offset } of records) handled.push(`${group}:${String(partition)}:${String(offset)}`)
      },
    })
  for (const group of ['first', 'second']) await consume(group)
  await eventually(() => expect(handled.length).toBe(2 * inHandMax * BACKLOG))
  expect(new Set(handled).size).toBe(handled.length)
  expect(most).toBe(inHandMax)
  await log.close()
})

/** What takes the turns of all that may be in hand: their consumer's options. */
const holders: Readonly<Record<string, () => Partial<ConsumeOptions>>> = {
  'has failed and waits to be tried again': () => ({ handler: () => Promise.reject(new Error('not yet')) }),
  'is handled and rests': () => ({
    handler: () => Promise.resolve(),
    rest: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  }),
}

for (const [what, holding] of Object.entries(holders)) {
  it(`leaves the turn to other backlogs while a batch ${what}`, async () => {
    const log = await withBacklogs(inHandMax + 1, BACKLOG)
    const seen = new Set<number>()
    const { handler = () => Promise.resolve(), ...others } = holding()
    const noting = async (batch: RecordBatch, signal: AbortSignal): Promise<void> => {
      seen.add(batch.partition)
      await handler(batch, signal)
    }
    await log.consume({ group: 'group', topics: [TOPIC], ...others, batchRecordsMax: BACKLOG / 2, handler: noting })
    await eventually(() => expect(seen.size).toBe(inHandMax + 1))
    await log.close()
  })
}

it('hands live records over while backlogs have all turns, and others wait for one', async () => {
  const log = await withBacklogs(inHandMax + 2, BACKLOG)
  const release = gate()
  let inHand = 0
  await log.consume({
    group: 'backlogs',
    topics: [TOPIC],
    handler: async () => {
      inHand += 1
      await release.opened
    },
  })
  await eventually(() => expect(inHand).toBe(inHandMax))
  await log.createTopics([{ name: 'live', partitions: 1, retentionMs: null, compacted: false }])
  const live: number[] = []
  const handler = async ({ records }: RecordBatch): Promise<void> => void live.push(records.length)
  await log.consume({ group: 'live', topics: ['live'], handler })
  await log.append('live', numbered(0, 3))
  await eventually(() => expect(live).toEqual([3]))
  expect(inHand).toBe(inHandMax)
  release.open()
  await log.close()
})

it('ends a consumer whose partitions wait for their turn', async () => {
  const log = await withBacklogs(inHandMax, BACKLOG)
  const release = gate()
  let inHand = 0
  const handler = async (): Promise<void> => {
    inHand += 1
    await release.opened
  }
  await log.consume({ group: 'first', topics: [TOPIC], handler })
  await eventually(() => expect(inHand).toBe(inHandMax))
  const errors: unknown[] = []
  const waiting = await log.consume({
    group: 'second',
    topics: [TOPIC],
    handler,
    onError: (error) => errors.push(error),
  })
  await waiting.close()
  release.open()
  await eventually(async () => expect(await log.committed('first', TOPIC)).toEqual(Array(inHandMax).fill(BACKLOG)))
  expect(await log.committed('second', TOPIC)).toEqual(Array(inHandMax).fill(null))
  expect({ inHand, errors }).toEqual({ inHand: inHandMax, errors: [] })
  await log.close()
})
