// The role as a whole on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { planEntities } from '../../ingest/entity-plan.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { cellText, type Row } from '../../schema/row.ts'
import type { Change } from '../../schema/record.ts'
import type { AppendRecord, LogRecord, Position } from '../../platform/ports/event-log.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Store } from '../../platform/ports/store.ts'
import { limits } from '../../platform/limits.ts'
import { allRecords, byId, jsonOf, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct, testTable } from './test-products.ts'

const TOPIC = 'test.things'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(product: Product): Promise<{ ports: TestPorts; ingest: Ingest }> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  return { ports, ingest }
}

function message(key: string | null, value: object | string | null): AppendRecord {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(text) }
}

const thing = (id: string, shelf = 's', rank = 1): object => ({ id, shelf, rank })

async function changesOf(ports: TestPorts): Promise<Change[]> {
  return (await allRecords(ports.log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
}

test('writes accepted records to every table and says what changed', async () => {
  const { ports, ingest } = await start(testProduct())
  const [first] = await ports.log.append(TOPIC, [message('a', thing('a'))])
  const [second] = await ports.log.append(TOPIC, [message('a', { ...thing('a', 't', 2), note: 'moved' })])
  const [third] = await ports.log.append(TOPIC, [message('a', null)])
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things')).toEqual([])
  expect(await visibleRows(ports.store, 'things_by_shelf')).toEqual([])
  const at = (position: typeof first): string => `${position?.topic}:${position?.partition}:${position?.offset}`
  const before = { id: 'a', shelf: 's', rank: 1 }
  const after = { id: 'a', shelf: 't', rank: 2, note: 'moved' }
  const common = { key: 'a', eventTimeMs: null, generation: 0, writeTime: expect.any(Number) as number }
  const wrote = ['id', 'shelf', 'rank']
  expect(await changesOf(ports)).toEqual([
    { ...common, op: 'UPSERT', row: before, wrote, before: null, created: true, source: at(first) },
    { ...common, op: 'UPSERT', row: after, wrote: [...wrote, 'note'], before, created: false, source: at(second) },
    { ...common, op: 'DELETE', row: { id: 'a' }, wrote: [], before: after, created: false, source: at(third) },
  ])
  expect(ingest.counts()).toEqual({ 'test/things': { written: 3, rejected: 0 } })
  expect(await ingest.lag()).toEqual({ 'test/things': 0 })
})

test('sends rejected records on with their bytes and what is wrong, and goes on with the others', async () => {
  const { ports, ingest } = await start(testProduct())
  const bad = { ...thing('b'), price: '-1' }
  const sent = [
    message('a', 'no json'),
    { ...message('b', bad), headers: { origin: 'till-7' } },
    message('c', thing('c')),
  ]
  const positions: Position[] = []
  for (const record of sent) positions.push(...(await ports.log.append(TOPIC, [record])))
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things')).toEqual([thing('c')])
  const rejected = (await allRecords(ports.log, `${TOPIC}.rejected`)).toSorted((left, right) =>
    Buffer.compare(left.key ?? Buffer.alloc(0), right.key ?? Buffer.alloc(0)),
  )
  const position = (index: number): string => `${TOPIC}:${positions[index]?.partition}:${positions[index]?.offset}`
  const violations = rejected.map(
    ({ headers }) => JSON.parse(headers['meshgate-violations'] ?? '') as { code: string }[],
  )
  expect(violations.map((list) => list.map(({ code }) => code))).toEqual([
    ['RECORD_UNPARSABLE'],
    ['RECORD_CHECK_FAILED'],
  ])
  expect(rejected.map(({ key, value, headers }) => ({ key: text(key), value: text(value), headers }))).toEqual([
    {
      key: 'a',
      value: 'no json',
      headers: {
        'meshgate-error-code': 'RECORD_UNPARSABLE',
        'meshgate-error-message': expect.stringContaining('not JSON') as string,
        'meshgate-source-position': position(0),
        'meshgate-source-append-time-us': expect.stringMatching(/^\d+$/) as string,
        'meshgate-violations': JSON.stringify(violations[0]),
      },
    },
    {
      key: 'b',
      value: JSON.stringify(bad),
      headers: {
        origin: 'till-7',
        'meshgate-error-code': 'RECORD_CHECK_FAILED',
        'meshgate-error-field': 'price',
        'meshgate-check-id': 'price-not-negative',
        'meshgate-error-message': expect.any(String) as string,
        'meshgate-source-position': position(1),
        'meshgate-source-append-time-us': expect.stringMatching(/^\d+$/) as string,
        'meshgate-violations': JSON.stringify(violations[1]),
      },
    },
  ])
  expect(ingest.counts()).toEqual({ 'test/things': { written: 1, rejected: 2 } })
})

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}

test('rejects what no log could take, in parts where it must, and is not held up', async () => {
  const { ports, ingest } = await start(testProduct())
  const huge = message('h', { ...thing('h'), note: 'x'.repeat(limits.recordBytesMax - 200) })
  await ports.log.append(TOPIC, [huge])
  await ports.log.append(TOPIC, [message('i', thing('i'))])
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things')).toEqual([thing('i')])
  const parts = (await allRecords(ports.log, `${TOPIC}.rejected`)).toSorted((left, right) => left.offset - right.offset)
  expect(parts.map(({ headers }) => [headers['meshgate-error-code'], headers['meshgate-part']])).toEqual([
    ['RECORD_TOO_LARGE', '1/2'],
    ['RECORD_TOO_LARGE', '2/2'],
  ])
  const whole = Buffer.concat(parts.map(({ value }) => value ?? Buffer.alloc(0)))
  expect(whole.subarray(whole.indexOf('\n') + 1).equals(huge.value ?? Buffer.alloc(0))).toBe(true)
})

test('goes on after a restart where the positions stand', async () => {
  const product = testProduct()
  let ports = await openPorts()
  closing.push(() => ports.close())
  const first = await startIngest({ products: [product], ...ports, sweep: false })
  await ports.log.append(TOPIC, [message('a', thing('a'))])
  await first.caughtUp()
  await first.close()
  await ports.log.append(TOPIC, [message('b', thing('b'))])
  ports = await ports.reopen()
  const second = await startIngest({ products: [product], ...ports, sweep: false })
  await second.caughtUp()
  expect(second.counts()).toEqual({ 'test/things': { written: 1, rejected: 0 } })
  await second.close()
  expect((await changesOf(ports)).map(({ key }) => key).toSorted()).toEqual(['a', 'b'])
})

test('re-keys a topic that is keyed by another field, and keeps where each record came from', async () => {
  const product = testProduct({ source: { keyField: 'shelf', rekeyed: true } })
  const { ports, ingest } = await start(product)
  const [first] = await ports.log.append(TOPIC, [message('s', thing('a'))])
  const [second] = await ports.log.append(TOPIC, [message('t', thing('a', 't'))])
  const [bad] = await ports.log.append(TOPIC, [message('t', thing('c', 'other'))])
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things_by_shelf')).toHaveLength(1)
  const changes = await changesOf(ports)
  const at = (position: typeof first): string => `${position?.topic}:${position?.partition}:${position?.offset}`
  expect(changes.map(({ key, source }) => [key, source])).toEqual(
    expect.arrayContaining([
      ['a', at(first)],
      ['a', at(second)],
    ]),
  )
  const [rejected] = await allRecords(ports.log, `${TOPIC}.rejected`)
  expect(rejected?.headers).toMatchObject({
    'meshgate-error-code': 'RECORD_KEY_MISMATCH',
    'meshgate-source-position': at(bad),
  })
  expect(ingest.counts()).toEqual({ 'test/things': { written: 2, rejected: 1 } })
})

test('refuses messages without a key where the order per entity matters', async () => {
  const { ports, ingest } = await start(testProduct())
  await ports.log.append(TOPIC, [message(null, thing('a'))])
  await ingest.caughtUp()
  const [rejected] = await allRecords(ports.log, `${TOPIC}.rejected`)
  expect(rejected?.headers['meshgate-error-code']).toBe('RECORD_KEY_MISSING')
})

test('refuses a version too far ahead of the append time, and a delete that has no place in a sequence', async () => {
  const timed = await start(testProduct({ source: { version: { field: 'updatedAt', kind: 'TIME' } } }))
  const ahead = { ...thing('a'), updatedAt: new Date(Date.now() + limits.versionAheadMsMax + 60_000).toISOString() }
  await timed.ports.log.append(TOPIC, [message('a', ahead)])
  const counted = await start(testProduct({ source: { version: { field: 'sequence', kind: 'SEQUENCE' } } }))
  await counted.ports.log.append(TOPIC, [message('a', null)])
  await Promise.all([timed.ingest.caughtUp(), counted.ingest.caughtUp()])
  const codes = await Promise.all(
    [timed, counted].map(async ({ ports }) =>
      (await allRecords(ports.log, `${TOPIC}.rejected`)).map(({ headers }) => headers['meshgate-error-code']),
    ),
  )
  expect(codes).toEqual([['RECORD_VERSION_AHEAD'], ['RECORD_VERSION_INVALID']])
})

test('writes without reading where nothing can move, and refuses deletes that could not reach every table', async () => {
  const fixed = testProduct({ source: { immutableKeys: true }, readsBase: false })
  const { ports, ingest } = await start(fixed)
  await ports.log.append(TOPIC, [message('a', thing('a'))])
  await ports.log.append(TOPIC, [message('b', null)])
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things_by_shelf')).toEqual([thing('a')])
  const [rejected] = await allRecords(ports.log, `${TOPIC}.rejected`)
  expect(rejected?.headers['meshgate-error-code']).toBe('RECORD_DELETE_REFUSED')
  expect((await changesOf(ports)).map(({ op, row, before, created }) => ({ op, row, before, created }))).toEqual([
    { op: 'UPSERT', row: thing('a'), before: undefined, created: undefined },
  ])
})

test('deletes in the one table of an entity that is written without reading', async () => {
  const single = testProduct({ tables: [testTable('things', 'id')], readsBase: false })
  const { ports, ingest } = await start(single)
  await ports.log.append(TOPIC, [message('a', thing('a'))])
  await ports.log.append(TOPIC, [message('a', null)])
  await ports.log.append(TOPIC, [message('b', thing('b'))])
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things')).toEqual([thing('b')])
})

test('says the same of every creation of a batch when the batch is delivered again', async () => {
  const product = testProduct()
  const ports = await openPorts()
  closing.push(() => ports.close())
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const [plan] = planEntities(product, 1)
  if (plan === undefined) throw new Error('The test product has an entity.')
  const values = [thing('a'), null, thing('a', 't'), null, thing('a')]
  const records = values.map((value, offset): LogRecord => {
    const { key, value: bytes } = message('a', value)
    return { offset, timestampUs: 1_700_000_000_000_000 + offset, key, value: bytes, headers: {} }
  })
  for (let round = 0; round < 2; round += 1) {
    await processBatch(ports, plan, { topic: TOPIC, partition: 0, records })
  }
  const created = (await changesOf(ports)).map((change) => change.created)
  expect(created).toEqual([true, false, true, false, true, true, false, true, false, true])
})

test('rejects a record whose row the store refuses, and writes the others of its batch', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const refusing = new Proxy(ports.store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'write') return member.bind(target) as unknown
      const write: Store['write'] = async (writes) => {
        const refused = writes.some((one) => one.kind === 'put' && one.row['id'] === 'b')
        if (refused) throw new MeshgateError('STORE_ROW_INVALID', 'Column id cannot hold "b".')
        await target.write(writes)
      }
      return write
    },
  })
  const ingest = await startIngest({ products: [testProduct()], ...ports, store: refusing, sweep: false })
  closing.push(() => ingest.close())
  await ports.log.append(
    TOPIC,
    ['a', 'b', 'c'].map((id) => ({ ...message(id, thing(id)), partition: 0 })),
  )
  await ingest.caughtUp()
  expect(await visibleRows(ports.store, 'things_by_shelf')).toEqual([thing('a'), thing('c')])
  expect((await changesOf(ports)).map(({ key }) => key).toSorted()).toEqual(['a', 'c'])
  const [rejected] = await allRecords(ports.log, `${TOPIC}.rejected`)
  expect([rejected?.headers['meshgate-error-code'], rejected?.headers['meshgate-error-message']]).toEqual([
    'RECORD_NOT_STORABLE',
    'Column id cannot hold "b".',
  ])
  expect(ingest.counts()).toEqual({ 'test/things': { written: 2, rejected: 1 } })
})

test('a record that makes a row which one table cannot hold is rejected before any table is written', async () => {
  const tables = [testTable('things', 'id'), testTable('things_by_rank', 'rank', ['shelf', 'note', 'id'])]
  // Without an envelope a partial record would need all fields.
  const source = { envelope: 'DEBEZIUM', partial: true, partitions: 1 } as const
  const { ports, ingest } = await start(testProduct({ source, tables }))
  const long = (letter: string): string => letter.repeat(40_000)
  const update = (after: object): AppendRecord => message('a', { op: 'u', before: null, after })
  await ports.log.append(TOPIC, [update({ ...thing('a'), note: long('n') })])
  await ingest.caughtUp()
  // Each text fits a key, both do not. The other entity of the batch is written.
  await ports.log.append(TOPIC, [
    update({ id: 'a', shelf: long('s'), rank: 2 }),
    message('b', { op: 'u', before: null, after: { ...thing('b'), note: 'n' } }),
  ])
  await ingest.caughtUp()
  const rows = [
    { id: 'a', shelf: 's', rank: 1, note: 40_000 },
    { id: 'b', shelf: 's', rank: 1, note: 1 },
  ]
  const shown = async (table: string): Promise<Row[]> =>
    byId(await visibleRows(ports.store, table)).map((row) => ({ ...row, note: cellText(row['note']).length }))
  expect(await shown('things')).toEqual(rows)
  expect(await shown('things_by_rank')).toEqual(rows)
  expect(ingest.counts()).toEqual({ 'test/things': { written: 2, rejected: 1 } })
})
