// Records of a fold: version and row in one envelope, for upserts and deletes alike.
import { describe, expect, test } from 'vitest'
import { decodeBatch } from '../../../ingest/decode-batch.ts'
import { planEntities } from '../../../ingest/entity-plan.ts'
import { productOf, thingOf, violationsOf } from '../compile.ts'

const sdl = `
input SaleRead @reads(product: "sales/orders", entity: "Order") {
  id: ID!
  storeId: ID!
  day: Date!
  amount: Decimal!
  count: Int!
  note: String
}

type Day @key(fields: "storeId day") @source(topic: "tests.days", key: "storeId")
  @table(name: "days", partitionKey: ["storeId"], clusteringKey: ["day"])
  @fold(input: "SaleRead", time: "day") {
  storeId: ID! @group(cel: "storeId")
  day: Date! @group(cel: "day")
  sales: BigInt! @aggregate(function: COUNT)
  amount: Decimal! @aggregate(function: SUM, cel: "amount") @check(id: "amount-positive", range: "[0,)")
  note: String @aggregate(function: LAST, cel: "note")
  average: Float @computed(cel: "double(amount) / double(sales)")
}`

const days = thingOf(sdl)
const row = { storeId: '7', day: '1997-01-02', sales: '2', amount: '12.5', note: 'late' }
const version = 1_790_000_000_000_001

const codes = (decoded: ReturnType<typeof days.decode>) =>
  violationsOf(decoded).map(({ code, field }) => `${code} ${field ?? ''}`.trim())

describe('a record of a fold', () => {
  test('is its row, computed columns with it, at the version of the envelope', () => {
    expect(days.decode({ version, row }, '7')).toEqual({
      kind: 'upsert',
      row: { ...row, average: 6.25 },
      version,
      versionResolutionUs: 1,
      eventTimeMs: null,
      warnings: [],
    })
  })

  test('clears what its row has no value for', () => {
    const { note: _, ...without } = row
    expect(days.decode({ version, row: without }, '7')).toMatchObject({
      row: { ...without, note: null, average: 6.25 },
    })
  })

  test('deletes by the key alone, at the version of the envelope', () => {
    const key = { storeId: '7', day: '1997-01-02' }
    expect(days.decode({ version, delete: key }, '7')).toEqual({ kind: 'delete', key, version, versionResolutionUs: 1 })
  })

  test('is checked as any other', () => {
    expect(codes(days.decode({ version, row: { ...row, amount: '-1' } }, '7'))).toEqual(['RECORD_CHECK_FAILED amount'])
    expect(codes(days.decode({ version, delete: { storeId: '7' } }, '7'))).toEqual(['RECORD_KEY_MISSING day'])
  })

  test.each([
    [{ row }, 'RECORD_VERSION_INVALID'],
    [{ version: -1, row }, 'RECORD_VERSION_INVALID'],
    [{ delete: { storeId: '7', day: '1997-01-02' } }, 'RECORD_VERSION_INVALID'],
    [{ version, row: 'gone' }, 'RECORD_UNPARSABLE'],
    [{ version, delete: null }, 'RECORD_UNPARSABLE'],
    [[version, row], 'RECORD_UNPARSABLE'],
    [null, 'RECORD_UNPARSABLE'],
  ])('that is %j is rejected by %s', (value, code) => {
    expect(codes(days.decode(value, '7'))).toEqual([code])
  })
})

test('writes and deletes of a fold have their versions as write times, whatever their append times', () => {
  const [plan] = planEntities(productOf(sdl), 1000)
  if (plan === undefined) throw new Error('no entity')
  expect(plan.needsClock).toBe(false)
  const encoder = new TextEncoder()
  const records = [
    { version, row },
    { version: version + 1, delete: { storeId: '7', day: '1997-01-02' } },
  ].map((value, offset) => ({
    offset,
    key: encoder.encode('7'),
    value: encoder.encode(JSON.stringify(value)),
    headers: {},
    timestampUs: 5_000,
  }))
  const decoded = decodeBatch(plan, { topic: 'tests.days', partition: 0, records })
  expect(decoded.map((one) => (one.kind === 'rejected' ? one.violations : one.writeTime))).toEqual([
    version,
    version + 1,
  ])
})
