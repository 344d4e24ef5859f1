// Three products of two domains: composite keys behind re-keying, a tree, references inside nested lists, pages that two products add
// to the entity of a third, UUID, Date, BigInt and Decimal keys, and subscriptions by kind of change.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('inventory.graphql', 'warehouses.graphql', 'shipping.graphql')
  await mesh.post('inventory.warehouses', [
    { id: 'w1', name: 'North', location: { latitude: 1.5, longitude: -2 } },
    { id: 'w2', name: 'South' },
  ])
})
afterAll(() => mesh.close())

const level = (key: string, onHand: number, day: string, more: object = {}) => {
  const [warehouseId, productId] = key.split(' ')
  return { warehouseId, productId, onHand, counted: `2026-01-${day}T00:00:00Z`, ...more }
}

test('subscriptions tell what appeared, changed and went, by filter, and a late record changes nothing', async () => {
  const all = await mesh.subscribe(
    'subscription { levelChanged(warehouseId: "w1", productId: "p1") { onHand free warehouse { name } } }',
  )
  const updated = await mesh.subscribe('subscription { levelUpdated(warehouseId: "w1", onHand: 7) { productId } }')
  await mesh.post('inventory.levels', [
    level('w1 p1', 5, '01', { reserved: 2 }),
    level('w2 p1', 50, '01'),
    level('w1 p2', 9, '01'),
    level('w1 p1', 7, '03', { reserved: 2 }),
    level('w1 p1', 6, '02', { reserved: 2 }),
  ])
  const warehouse = { name: 'North' }
  expect([(await all.next()).data, (await all.next()).data, (await all.next()).data]).toEqual([
    { levelChanged: { onHand: 5, free: 3, warehouse } },
    { levelChanged: { onHand: 7, free: 5, warehouse } },
    { levelChanged: { onHand: 7, free: 5, warehouse } },
  ])
  expect((await updated.next()).data).toEqual({ levelUpdated: { productId: 'p1' } })
  await Promise.all([all.close(), updated.close()])
})

test('values in lists of lists refer to entities of this product and of another', async () => {
  await mesh.post('inventory.levels', [
    level('w2 p1', 51, '05', {
      bins: [
        {
          code: ' a1 ',
          moves: [
            { fromWarehouseId: 'w1', productId: 'p1', quantities: [[1, 2], [3]] },
            { productId: 'p1', quantities: [] },
          ],
        },
      ],
    }),
  ])
  expect(
    await mesh.query(
      `{ level(warehouseId: "w2", productId: "p1") { onHand bins { code moves {
          moved quantities fromWarehouse { name location { latitude } } fromLevel { onHand warehouse { name } } } } } }`,
    ),
  ).toEqual({
    level: {
      onHand: 51,
      bins: [
        {
          code: 'A1',
          moves: [
            {
              moved: 6,
              quantities: [[1, 2], [3]],
              fromWarehouse: { name: 'North', location: { latitude: 1.5 } },
              fromLevel: { onHand: 7, warehouse: { name: 'North' } },
            },
            { moved: 0, quantities: [], fromWarehouse: null, fromLevel: null },
          ],
        },
      ],
    },
  })
  expect(await mesh.query('{ levelsOf(productId: "p1") { nodes { warehouseId onHand } } }')).toEqual({
    levelsOf: {
      nodes: [
        { warehouseId: 'w2', onHand: 51 },
        { warehouseId: 'w1', onHand: 7 },
      ],
    },
  })
})

test('a tombstone of a re-keyed topic, which names no entity, is rejected', async () => {
  await mesh.postKeyed('inventory.levels', [{ key: 'w1', value: null }])
  expect((await mesh.rejected('inventory.levels')).map(({ code, message }) => ({ code, message }))).toEqual([
    {
      code: 'RECORD_KEY_MISSING',
      message: 'A tombstone is keyed by warehouseId, which does not tell which entities it deletes.',
    },
  ])
})

test('an entity refers to its own kind, up and down a tree', async () => {
  await mesh.post('inventory.accounts', [
    { id: 'a0', name: 'all' },
    { id: 'a1', name: 'buy', parentId: 'a0' },
    { id: 'a2', name: 'sell', parentId: 'a0' },
    { id: 'a3', name: 'deep', parentId: 'a2' },
  ])
  expect(
    await mesh.query(
      `{ account(id: "a3") { parent { name parent { name parent { name }
          children { nodes { name children { nodes { name } } } } } } } }`,
    ),
  ).toEqual({
    account: {
      parent: {
        name: 'sell',
        parent: {
          name: 'all',
          parent: null,
          children: {
            nodes: [
              { name: 'buy', children: { nodes: [] } },
              { name: 'sell', children: { nodes: [{ name: 'deep' }] } },
            ],
          },
        },
      },
    },
  })
})

test('keys of UUID, Date and BigInt keep their order and their digits', async () => {
  const uuid = (last: number): string => `F81D4FAE-7DEC-11D0-A765-00A0C91E6BF${last}`
  const movement = { warehouseId: 'w1', accountId: 'a1', on: '2026-01-02' }
  await mesh.post('inventory.movements', [
    { ...movement, id: uuid(6), units: '9007199254740993' },
    { ...movement, id: uuid(7), units: -5 },
    { ...movement, id: uuid(8).toLowerCase(), units: 10, on: '2026-01-03' },
    { ...movement, id: 'zzz', units: 1 },
  ])
  expect(
    await mesh.query(
      `{ warehouse(id: "w1") { movements { nodes { id units } } second: movements(on: "2026-01-02", first: 1) {
          nodes { units } pageInfo { hasNextPage } } }
        movement(id: "${uuid(6)}") { units account { name } }
        movementsOfAccount(accountId: "a1") { nodes { units } } }`,
    ),
  ).toEqual({
    warehouse: {
      movements: {
        nodes: [
          { id: uuid(8).toLowerCase(), units: '10' },
          { id: uuid(7).toLowerCase(), units: '-5' },
          { id: uuid(6).toLowerCase(), units: '9007199254740993' },
        ],
      },
      second: { nodes: [{ units: '-5' }], pageInfo: { hasNextPage: true } },
    },
    movement: { units: '9007199254740993', account: { name: 'buy' } },
    movementsOfAccount: { nodes: [{ units: '10' }, { units: '-5' }, { units: '9007199254740993' }] },
  })
  expect((await mesh.rejected('inventory.movements')).map(({ code, field }) => ({ code, field }))).toEqual([
    { code: 'RECORD_FIELD_TYPE', field: 'id' },
  ])
})

test('decimals cluster by value, whatever their sign and scale, and two products add pages to one entity', async () => {
  const weights = ['10', '9.5', '-1', '-1.25', '100.000', '0.1e2', '123456789012345678901234567890.123456789']
  await mesh.post(
    'shipping.shipments',
    weights.map((weight, index) => ({ number: index + 1, weight, warehouseId: 'w1' })),
  )
  const numbers = (...list: number[]) => ({ nodes: list.map((number) => ({ number })) })
  expect(
    await mesh.query(
      `{ warehouse(id: "w1") { name levels { nodes { productId } } shipments { nodes { number } }
          light: shipments(lighterThan: "10.0") { nodes { number } }
          between: shipments(atLeast: "-1.000", lighterThan: 100) { nodes { number } } }
        ten: shipmentsOf(warehouseId: "w1", weight: "10.00") { nodes { number weight warehouse { name } } } }`,
    ),
  ).toEqual({
    warehouse: {
      name: 'North',
      levels: { nodes: [{ productId: 'p1' }, { productId: 'p2' }] },
      shipments: numbers(7, 5, 6, 1, 2, 3, 4),
      light: numbers(2, 3, 4),
      between: numbers(6, 1, 2, 3),
    },
    ten: { nodes: [6, 1].map((number) => ({ number, weight: '10', warehouse: { name: 'North' } })) },
  })
})

test('who promises immutable keys can delete nothing', async () => {
  await mesh.postKeyed('shipping.shipments', [{ key: '1', value: null }])
  expect((await mesh.rejected('shipping.shipments')).map(({ code, message }) => ({ code, message }))).toEqual([
    {
      code: 'RECORD_DELETE_REFUSED',
      message: 'A delete of Shipment "1", whose product promises immutableKeys: true.',
    },
  ])
})
