// Rejected records and replays: what a replay accepts is open no more, what it rejects again is open once.
import { randomUUID } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { summarizeRejected } from '../../ingest/dead-letter/rejected-summary.ts'
import { redriveRejected } from '../../ingest/dead-letter/redrive.ts'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { requestReplay } from '../../ingest/replay/request-replay.ts'
import type { Product } from '../../schema/model.ts'
import { openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const strict = testProduct({ source: { partitions: 1 } })
const mended: Product = {
  ...strict,
  entities: strict.entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field) => (field.kind === 'stored' ? { ...field, checks: [] } : field)),
  })),
}

async function start(ports: TestPorts, product: Product): Promise<Ingest> {
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  return ingest
}

async function settled(ports: TestPorts, ingest: Ingest): Promise<void> {
  await ingest.caughtUp()
  const [range] = await ports.log.offsets(TOPIC)
  await expect.poll(() => ports.log.committed('ingest.test.things', TOPIC)).toEqual([range?.next])
}

const openReasons = async (ports: TestPorts): Promise<string[]> =>
  (await summarizeRejected(ports.log, TOPIC)).reasons.map(({ code, times }) => `${times} ${code}`)

const send = (ports: TestPorts, id: string, cells: object) =>
  ports.log.append(TOPIC, [
    { key: Buffer.from(id), value: Buffer.from(JSON.stringify({ id, shelf: 's', rank: 1, ...cells })) },
  ])

test('a record that a replay accepts is open no more, one that it rejects again is open once, and redriven as before', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const first = await start(ports, strict)
  await send(ports, 'a', { price: '-1' })
  await send(ports, 'b', { rank: 'x' })
  await settled(ports, first)
  expect((await openReasons(ports)).toSorted()).toEqual(['1 RECORD_CHECK_FAILED', '1 RECORD_FIELD_TYPE'])
  await first.close()
  const ingest = await start(ports, mended)
  await requestReplay(ports, {
    id: randomUUID(),
    product: mended,
    from: parseReplayFrom('earliest'),
    requestedBy: 'test',
  })
  await expect.poll(async () => (await ingest.replays()).map(({ state }) => state)).toEqual(['done'])
  expect((await visibleRows(ports.store, 'things')).map(({ id }) => id)).toEqual(['a'])
  expect(await openReasons(ports)).toEqual(['1 RECORD_FIELD_TYPE'])
  const asked = { filter: {}, reason: null, user: 'anna', host: 'till', dryRun: false }
  const { redrive } = await redriveRejected({ ...asked, product: mended, log: ports.log, clock: ports.clock })
  expect(redrive?.finished).toMatchObject({ redriven: 1 })
  await settled(ports, ingest)
  expect(await openReasons(ports)).toEqual(['1 RECORD_FIELD_TYPE'])
})
