// What a new version of a product may not do to the rows of the old one.
import { describe, expect, it } from 'vitest'
import { contractChanges } from '../../schema/contract-changes.ts'
import { contractOf } from '../../schema/product-contract.ts'
import { productOf as compiledOf } from '../schema/compile.ts'
import { BASE, BY_CITY, FIELDS, productOf, TYPES, type ProductParts } from './product-of.ts'

function changes(before: ProductParts, after: ProductParts) {
  // As it lies in the log.
  const kept = JSON.parse(JSON.stringify(contractOf(productOf(before)))) as ReturnType<typeof contractOf>
  return contractChanges(kept, contractOf(productOf(after)))
}

const fields = (from: string, to: string): ProductParts => ({ fields: FIELDS.replace(from, to) })
const types = (from: string, to: string): ProductParts => ({ types: TYPES.replace(from, to) })

describe('a change that rows go with', () => {
  it.each<[string, ProductParts]>([
    ['nothing', {}],
    ['a version number', { version: '1.1.0' }],
    ['an optional field', { fields: `${FIELDS} weight: Float` }],
    ['a required field becomes optional', fields('city: String!', 'city: String')],
    ['a wider number', fields('grams: Int!', 'grams: BigInt!')],
    ['a value more in an enum', types('OPEN SENT', 'OPEN SENT LOST')],
    ['an enum becomes text', fields('state: State', 'state: String')],
    ['a text becomes an id', fields('note: String', 'note: ID')],
    ['an optional nested field', types('remark: String', 'remark: String weight: Int')],
    ['a nested field less', types('remark: String', '')],
    ['a nested integer becomes a float', types('quantity: Int!', 'quantity: Float!')],
    ['a table more', { tables: `${BASE} ${BY_CITY}` }],
    [
      'other tables, whatever else changes',
      { tables: BASE.replace('parcels', 'parcels2'), ...fields('lines: [Line!]!', '') },
    ],
  ])('%s', (_, after) => {
    expect(changes({}, after)).toEqual({ refusals: [], required: [] })
  })
})

describe('a change that rows do not go with is told with its place', () => {
  it.each<[string, ProductParts, string]>([
    [
      'a nested field more that is required',
      types('remark: String', 'remark: String weight: Int!'),
      'Parcel.lines.weight would be new and required',
    ],
    [
      'a nested field becomes required',
      types('remark: String', 'remark: String!'),
      'Parcel.lines.remark would be required',
    ],
    [
      'a nested field of another type',
      types('quantity: Int!', 'quantity: String!'),
      'Parcel.lines.quantity would turn from Int to String',
    ],
    ['a list becomes one', fields('lines: [Line!]!', 'lines: Line!'), 'Parcel.lines would turn from [Line!] to Line'],
    ['an enum loses a value', types('OPEN SENT', 'OPEN'), 'Parcel.state would know SENT no more'],
    [
      'a text becomes an enum',
      { fields: FIELDS.replace('note: String', 'note: State') },
      'Parcel.note would turn from String to State',
    ],
    [
      'a text becomes an address',
      fields('note: String', 'note: EmailAddress'),
      'Parcel.note would turn from String to EmailAddress',
    ],
    [
      'another way to version',
      { source: ', version: "revision"', fields: `${FIELDS} revision: Int!` },
      'Parcel would be versioned by revision (SEQUENCE) in place of its append time',
    ],
  ])('%s', (_, after, problem) => {
    const { refusals } = changes({}, after)
    expect(refusals).toEqual([expect.stringContaining(problem)])
  })

  it('an entity that is no more read before it is written', () => {
    const { refusals } = changes({ tables: `${BASE} ${BY_CITY}` }, { tables: BASE })
    expect(refusals).toEqual([expect.stringContaining('entities that were deleted would be shown again')])
  })
})

it('names the columns that were optional and are required, for somebody to look at the rows', () => {
  expect(changes({}, fields('note: String', 'note: String!'))).toEqual({
    refusals: [],
    required: [{ entity: 'Parcel', base: 'parcels', column: 'note' }],
  })
})

describe('of a derived entity', () => {
  const read = 'input SaleRead @reads(product: "sales/orders", entity: "Order") { id: ID! city: String! state: State! }'
  const header = 'extend schema @product(name: "days", domain: "tests", owner: "a@example.com", version: "1.0.0")'
  const folded = (aggregate: string) => `${header} ${read} enum State { OPEN SENT }
type City @key(fields: "city") @source(topic: "tests.cities", key: "city")
  @table(name: "cities", partitionKey: ["city"]) @fold(input: "SaleRead") { city: String! @group(cel: "city") ${aggregate} }`
  const byRecords = `${header} type City @key(fields: "city") @source(topic: "tests.cities", key: "city")
  @table(name: "cities", partitionKey: ["city"]) { city: String! state: String }`
  const changed = (before: string, after: string) =>
    contractChanges(
      JSON.parse(JSON.stringify(contractOf(compiledOf(before)))) as ReturnType<typeof contractOf>,
      contractOf(compiledOf(after)),
    )
  const least = 'state: String @aggregate(function: MIN, cel: "state")'

  it.each([
    ['another type', 'state: State! @aggregate(function: MIN, cel: "state")'],
    ['another function', 'state: [String!]! @aggregate(function: COLLECT, cel: "state")'],
    ['a value that is never null', 'state: String! @aggregate(function: MAX, cel: "state")'],
  ])('a definition that gives %s goes with the rows: they are made anew', (_, aggregate) => {
    expect(changed(folded(least), folded(aggregate))).toEqual({ refusals: [], required: [] })
  })

  it('rows do not turn from those of records into those of a fold, nor back', () => {
    const end = 'and the rows and the topic that are there are those of'
    expect(changed(byRecords, folded(least)).refusals).toEqual([
      `City would be made by a fold, ${end} records: name another topic and other tables.`,
    ])
    expect(changed(folded(least), byRecords).refusals).toEqual([
      `City would be made by records, ${end} a fold: name another topic and other tables.`,
    ])
  })
})
