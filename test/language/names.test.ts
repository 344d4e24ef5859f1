// Names that CQL, SQL, CEL and JavaScript reserve, and texts that would break out of any of them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emitCql } from '../../schema/emit/emit-cql.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('names.graphql')
})
afterAll(() => mesh.close())

/** The linter takes an object with the member `then` for a promise, as careless code would. */
const named = (name: string, value: string | null) => ({ [name]: value })
const HOSTILE = { token: 't"; DROP', select: 'sé☂\u0000', from: "it's" }
const plain = {
  value: 'v', type: 'ty', list: ['a', '"', '\\'], map: 'm', in: 'i', true_: true, constructor: 'c', prototype: 'p', toString: 's',
  hasOwnProperty: 'h', valueOf: 1, _proto_: '_', ...named('then', 'th'), length: 3, name: 'n', arguments: 'a',
} // prettier-ignore

test('every name and text comes back as it was sent', async () => {
  await mesh.post('table.select', [
    { order: '1', key: -3, where: 'y', ...HOSTILE, ...plain, class: { constructor: 'k', prototype: 1 } },
    { order: '__proto__', token: '__proto__', key: 1, from: 'constructor', class: {} },
  ])
  const { of: _of, ...fields } = { ...HOSTILE, ...plain, of: '' }
  expect(
    await mesh.query(
      `{ order(order: "1") { ${Object.keys(fields).join(' ')} class { constructor prototype of } double size text }
         odd: order(order: "__proto__") { order constructor toString class { constructor of } size } }`,
    ),
  ).toEqual({
    order: {
      ...fields,
      class: { constructor: 'k', prototype: 1, of: 'some' },
      double: -6,
      size: 12,
      text: 't"; DROP -3',
    },
    odd: { order: '__proto__', constructor: null, toString: null, class: { constructor: null, of: 'none' }, size: 20 },
  })
})

test('they are found by keys, by an index and by a scan, and aliases are plain keys', async () => {
  const answer = await mesh.query(
    `query ($token: String!, $select: String!) {
      select(token: $token, key: -3) { nodes { __proto__: order constructor: token } }
      where(select: $select) { nodes { order } }
      constructor { nodes { order } } }`,
    HOSTILE,
  )
  expect(JSON.stringify(answer)).toBe(
    JSON.stringify({
      select: { nodes: [JSON.parse(`{"__proto__":"1","constructor":"t\\"; DROP"}`)] },
      where: { nodes: [{ order: '1' }] },
      constructor: { nodes: [{ order: '1' }, { order: '__proto__' }] },
    }),
  )
})

test('a subscription filters by them', async () => {
  const changed = await mesh.subscribe('subscription { order(constructor: "c") { order constructor then __typename } }')
  await mesh.post('table.select', [
    { order: '2', token: 'x', key: 1, from: '', constructor: 'other' },
    { order: '3', token: 'x', key: 1, from: '', constructor: 'c' },
  ])
  const { data } = await changed.next()
  await changed.close()
  expect(data).toEqual({ order: { order: '3', constructor: 'c', ...named('then', null), __typename: 'Order' } })
})

test('descriptions keep quotes, backslashes and lines', async () => {
  expect(await mesh.query('{ __type(name: "Order") { description fields { name description } } }')).toMatchObject({
    __type: {
      description: 'Says "select" from `where`.\n\nAnd a second line with a \\\\ and """ three quotes.',
      fields: expect.arrayContaining([{ name: 'order', description: 'The "order".' }]),
    },
  })
})

test('CQL quotes what it reserves', () => {
  const [product] = mesh.products
  const statements = product === undefined ? [] : emitCql(emitTables(product), 'keyspace')
  expect(statements[1]).toContain(
    'CREATE TABLE IF NOT EXISTS "keyspace".order_by (\n  "order" text,\n  "token" text,\n  key int,\n  "from" text,',
  )
  expect(statements.at(-1)).toBe(
    `CREATE INDEX IF NOT EXISTS order_by_select_idx8 ON "keyspace".order_by ("select") USING 'sai'`,
  )
})
