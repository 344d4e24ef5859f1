// A product goes from version to version on the real embedded log and store, with the rows that are there.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startIngest } from '../../ingest/main.ts'
import type { Product } from '../../schema/model.ts'
import type { Row } from '../../schema/row.ts'
import { byId, openPorts, visibleRows, type TestPorts } from '../ingest/open-ports.ts'
import { FIELDS, productOf } from './product-of.ts'

const TOPIC = 'shipping.parcels'
const PARCEL = { id: '1', city: 'Ulm', grams: 500, state: 'OPEN', lines: [{ article: 'a', quantity: 2, remark: null }] }
let ports: TestPorts

beforeEach(async () => {
  ports = await openPorts()
})
afterEach(() => ports.close())

/** Ingests records by a version of the product, in a process's life of its own; the rows afterwards. */
async function ingest(product: Product, records: readonly object[] = []): Promise<Row[]> {
  const running = await startIngest({ products: [product], ...ports, sweep: false })
  try {
    for (const record of records) await append(record)
    await running.caughtUp()
    return byId(await visibleRows(ports.store, 'parcels'))
  } finally {
    await running.close()
  }
}

async function append(record: object): Promise<void> {
  const text = JSON.stringify(record)
  await ports.log.append(TOPIC, [{ key: Buffer.from(String(Reflect.get(record, 'id'))), value: Buffer.from(text) }])
}

async function refusal(product: Product): Promise<{ code: string; message: string }> {
  const failure: unknown = await ingest(product).catch((error: unknown) => error)
  return { code: String(Reflect.get(Object(failure), 'code')), message: String(failure) }
}

it('a new optional field is there for new records, and old rows have none', async () => {
  await ingest(productOf(), [PARCEL])
  const rows = await ingest(productOf({ version: '1.1.0', fields: `${FIELDS} weight: Float` }), [
    { ...PARCEL, id: '2', weight: 1.5 },
  ])
  expect(rows).toEqual([PARCEL, { ...PARCEL, id: '2', weight: 1.5 }])
})

it('a wider field holds what the old one did, and more', async () => {
  await ingest(productOf(), [PARCEL])
  const wider = productOf({ version: '1.1.0', fields: FIELDS.replace('grams: Int!', 'grams: BigInt!') })
  const rows = await ingest(wider, [{ ...PARCEL, id: '2', grams: '9007199254740993' }])
  expect(rows).toEqual([
    { ...PARCEL, grams: '500' },
    { ...PARCEL, id: '2', grams: '9007199254740993' },
  ])
})

it('an incompatible version is refused before anything is changed, with every reason and the way out', async () => {
  await ingest(productOf(), [PARCEL])
  const broken = productOf({
    version: '2.0.0',
    fields: FIELDS.replace('note: String', 'note: EmailAddress').replace('grams: Int!', 'grams: BigInt!'),
    types: 'enum State { SENT } type Line { article: ID! quantity: Int! weight: Int! }',
  })
  const { code, message } = await refusal(broken)
  expect(code).toBe('PRODUCT_CHANGE_REFUSED')
  for (const words of [
    'shipping/parcels 2.0.0 does not go with the rows of 1.0.0',
    'Parcel.state would know OPEN no more',
    'Parcel.note would turn from String to EmailAddress',
    'Parcel.lines.weight would be new and required',
    'meshgate replay shipping/parcels --from earliest',
  ]) {
    expect(message).toContain(words)
  }
  expect(await ingest(productOf(), [{ ...PARCEL, id: '2' }])).toEqual([PARCEL, { ...PARCEL, id: '2' }])
})

it('a new required field is refused while there are rows', async () => {
  await ingest(productOf(), [PARCEL])
  const { code, message } = await refusal(productOf({ version: '1.1.0', fields: `${FIELDS} weight: Float!` }))
  expect([code, message]).toEqual(['STORE_MIGRATION_REFUSED', expect.stringContaining('weight')])
})

it('an optional field may become required once every row has one', async () => {
  const required = productOf({ version: '1.1.0', fields: FIELDS.replace('note: String', 'note: String!') })
  await ingest(productOf(), [PARCEL, { ...PARCEL, id: '2', note: 'x' }])
  const { code, message } = await refusal(required)
  expect([code, message]).toEqual(['PRODUCT_CHANGE_REFUSED', expect.stringContaining('Parcel.note would be required')])
  const noted = { ...PARCEL, note: 'y' }
  await ingest(productOf(), [noted])
  expect(await ingest(required)).toEqual([noted, { ...PARCEL, id: '2', note: 'x' }])
})
