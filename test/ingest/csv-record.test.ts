// A row of CSV as the record that a product expects.
import { expect, test } from 'vitest'
import { compileCsvRecord } from '../../ingest/sources/csv-record.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import { invariant } from '../../platform/errors.ts'
import { compileProduct } from '../../schema/compile-product.ts'

const { product } = compileProduct(
  'parcels.graphql',
  `extend schema @product(name: "parcels", domain: "shipping", owner: "a@example.com", version: "1.0.0")
  type Size { width: Int!  unit: String @from(field: "u") }
  type Parcel @key(fields: "id") @source(topic: "shipping.parcels", key: "id") @table(name: "parcels", partitionKey: ["id"]) {
    id: ID!
    place: String @from(field: "location.city", trim: true)
    grams: Int @from(trim: true)
    factor: Float
    fragile: Boolean
    paid: Decimal
    sent: Date
    size: Size
    labels: [String!]
    tags: [String!] @from(parse: COMMA_LIST)
  }`,
)
invariant(product !== null && product.entities[0] !== undefined, 'the product compiles')
const read = compileCsvRecord(product, product.entities[0])
const codec = compileRecordCodec(product, product.entities[0])

test('numbers, booleans, dotted paths and nested JSON become what the fields take', () => {
  const record = read({
    id: '7',
    'location.city': ' Sooke ',
    grams: ' 250 ',
    factor: '1.5e3',
    fragile: 'true',
    paid: '12.30',
    sent: '2026-01-02',
    'size.width': '3',
    'size.u': 'cm',
    labels: '["a","b"]',
    tags: 'x,y',
    more: '1',
  })
  expect(record).toEqual({
    id: '7',
    location: { city: ' Sooke ' },
    grams: 250,
    factor: 1_500,
    fragile: true,
    paid: '12.30',
    sent: '2026-01-02',
    size: { width: 3, u: 'cm' },
    labels: ['a', 'b'],
    tags: 'x,y',
    more: '1',
  })
  expect(codec.decode({ key: null, value: Buffer.from(JSON.stringify(record)), headers: {} })).toMatchObject({
    kind: 'upsert',
    row: { id: '7', place: 'Sooke', grams: 250, paid: '12.3', size: { width: 3, unit: 'cm' }, tags: ['x', 'y'] },
  })
})

test('an empty cell is no value, except of a String', () => {
  expect(read({ id: '7', 'location.city': '', grams: ' ', factor: '', fragile: '', sent: '', labels: '' })).toEqual({
    id: '7',
    location: { city: '' },
    grams: null,
    factor: null,
    fragile: null,
    sent: null,
    labels: null,
  })
})

test('what does not look like its type stays as it is written', () => {
  const odd = { id: '7', grams: '007', factor: '0x10', fragile: 'TRUE', size: '{', labels: 'a' }
  expect(read(odd)).toEqual(odd)
  expect(read(['7', 'x'])).toEqual(['7', 'x'])
})

test('a column may have any name', () => {
  const record = read(JSON.parse('{"id":"7","__proto__":"x","constructor":"y"}') as Record<string, string>)
  expect(JSON.stringify(record)).toBe('{"id":"7","__proto__":"x","constructor":"y"}')
})
