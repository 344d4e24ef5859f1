// Which record of a key is newer (a time, a sequence, the order of parts), and records in CloudEvents and Debezium events.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('versions.graphql', 'envelopes.graphql')
})
afterAll(() => mesh.close())

/** Code and field of each rejected record, in an order that partitions do not decide. */
const codes = async (topic: string): Promise<string[]> =>
  (await mesh.rejected(topic)).map(({ code, field }) => [code, field].join(' ').trim()).toSorted()

test('the later time wins to the microsecond, an equal one per cell, and tables follow', async () => {
  const at = (id: string, zone: string, seenAt: string, note?: string) => ({ id, zone, seenAt, note })
  await mesh.post('fleet.vehicles', [
    at('v1', 'north', '2026-01-01T00:00:00.000002Z', 'x'),
    at('v1', 'south', '2026-01-01T00:00:00.000001Z', 'late'),
    at('v1', 'south', '2026-01-01T00:00:00.000002Z', 'y'),
    at('v3', 'north', '2099-01-01T00:00:00Z'),
    { id: 'v4', zone: 'north' },
  ])
  expect(await codes('fleet.vehicles')).toEqual(['RECORD_FIELD_MISSING seenAt', 'RECORD_VERSION_AHEAD seenAt'])
  expect((await mesh.rejected('fleet.vehicles')).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^The version 2099-01-01T00:00:00\.000Z lies more than 24 hours/),
  )
  const both = '{ north: vehicles(zone: "north") { nodes { id } } south: vehicles(zone: "south") { nodes { note } } }'
  expect(await mesh.query(both)).toEqual({ north: { nodes: [] }, south: { nodes: [{ note: 'y' }] } })
})

test('a delete leaves nothing in any table, and a record older than it does not come back', async () => {
  const changed = await mesh.subscribe('subscription { vehicleChanged { id } }')
  await mesh.postKeyed('fleet.vehicles', [{ key: 'v1', value: null }])
  expect((await changed.next()).data).toEqual({ vehicleChanged: null })
  await changed.close()
  await mesh.post('fleet.vehicles', [{ id: 'v1', zone: 'south', seenAt: '2026-01-01T00:00:00.000003Z' }])
  expect(await mesh.query('{ vehicle(id: "v1") { id } vehicles(zone: "south") { nodes { id } } }')).toEqual({
    vehicle: null,
    vehicles: { nodes: [] },
  })
})

test('the greater sequence wins, and what is no sequence is rejected, a bare delete too', async () => {
  await mesh.post('fleet.batteries', [
    { id: 'b', sequence: 5, charge: '0.5' },
    { id: 'b', sequence: '4', charge: '0.4' },
    { id: 'b', sequence: 5, charge: '0.7' },
    { id: 'b', sequence: -1, charge: 1 },
    { id: 'b', sequence: '9007199254740993', charge: 1 },
  ])
  await mesh.postKeyed('fleet.batteries', [{ key: 'b', value: null }])
  expect(await mesh.query('{ battery(id: "b") { sequence charge } }')).toEqual({
    battery: { sequence: '5', charge: '0.7' },
  })
  expect(await codes('fleet.batteries')).toEqual(Array.from({ length: 3 }, () => 'RECORD_VERSION_INVALID sequence'))
})

test('parts of an entity add up; what an incomplete one lacks costs its own field alone', async () => {
  const moved = await mesh.subscribe('subscription { driverMoved(depot: "A") { name depot } }')
  await mesh.post('fleet.drivers', [
    { id: 'd', name: 'Ann' },
    { id: 'd', depot: 'A' },
    { id: 'd', hired: '2026-01-01' },
    { id: 'd', licensed: '2026-02-01', hired: '2026-01-01' },
    { id: 'e', name: 'Eve' },
  ])
  expect(await mesh.ask('{ driver(id: "e") { shout } incomplete: driver(id: "e") { depot } }')).toMatchObject({
    data: { driver: { shout: 'Eve!' }, incomplete: null },
    errors: [{ path: ['incomplete', 'depot'], extensions: { code: 'ROW_INCOMPLETE' } }],
  })
  await mesh.post('fleet.drivers', [
    { id: 'd', depot: 'B' },
    { id: 'd', hired: null },
    { id: 'd', name: null },
  ])
  expect(await codes('fleet.drivers')).toEqual(['RECORD_CHECK_FAILED', 'RECORD_FIELD_MISSING name'])
  expect(
    await mesh.query(
      `{ driver(id: "d") { name depot hired licensed shout }
         left: drivers(depot: "A") { nodes { id } } drivers(depot: "B") { nodes { shout } } }`,
    ),
  ).toEqual({
    driver: { name: 'Ann', depot: 'B', hired: null, licensed: null, shout: 'Ann!' },
    left: { nodes: [] },
    drivers: { nodes: [{ shout: 'Ann!' }] },
  })
  const told = [(await moved.next()).data, (await moved.next()).data, (await moved.next()).data]
  await moved.close()
  const inA = { driverMoved: { name: 'Ann', depot: 'A' } }
  expect(told).toEqual([inA, inA, { driverMoved: null }])
})

test('a CloudEvent carries its record as JSON or as base64, and a tombstone deletes', async () => {
  const event = (data: unknown, more: object = {}) => ({
    value: { specversion: '1.0', id: 'e1', source: '/crm', type: 'partner', data, ...more },
  })
  const base64 = Buffer.from('{"id":"4","country":"PL","name":"base64"}').toString('base64')
  await mesh.postKeyed('partners.partners', [
    event({ id: '1', country: 'PL', name: 'gone' }),
    event({ id: '2', country: 'PL', name: 'Łódź' }),
    event(undefined, { data_base64: base64 }),
    event('text'),
    { value: { id: '3', country: 'PL', name: 'bare' } },
    { key: '1', value: null },
  ])
  expect(await codes('partners.partners')).toEqual(['RECORD_UNPARSABLE', 'RECORD_UNPARSABLE'])
  expect(await mesh.query('{ partnersOf(country: "PL") { nodes { id name } } }')).toEqual({
    partnersOf: {
      nodes: [
        { id: '2', name: 'Łódź' },
        { id: '4', name: 'base64' },
      ],
    },
  })
})

test('a Debezium event creates, updates and deletes, of a composite key by the row before', async () => {
  const event = (op: string, before: object | null, after: object | null) => ({
    schema: {},
    payload: { op, before, after },
  })
  const gone = await mesh.subscribe('subscription { contractGone(partnerId: "2") { number } }')
  await mesh.post('partners.contracts', [
    event('c', null, { partner_id: 2, number: 1, lsn: 10, value: '1.5' }),
    event('r', null, { partner_id: 2, number: 2, lsn: 11, value: 2 }),
    event('u', null, { partner_id: 2, number: 1, lsn: 12, value: '3' }),
    event('c', null, { partner_id: 9, number: 1, lsn: 1, value: null }),
    event('d', { partner_id: 2, number: 2, lsn: 13, value: null }, null),
  ])
  const told = await gone.next()
  await gone.close()
  expect(told).toEqual({
    data: { contractGone: null },
    extensions: { key: '["2",2]', cursor: expect.any(String) },
  })
  expect(await mesh.query('{ contracts(partnerId: "2") { nodes { number value partner { name } } } }')).toEqual({
    contracts: { nodes: [{ number: 1, value: '3', partner: { name: 'Łódź' } }] },
  })
  expect(await mesh.ask('{ contracts(partnerId: "9") { nodes { partner { name } } } }')).toMatchObject({
    data: null,
    errors: [
      {
        message: 'A row of Contract refers to a Partner that does not exist, and "partner" may not be null',
        path: ['contracts', 'nodes', 0, 'partner'],
        extensions: { code: 'ROW_INCOMPLETE' },
      },
    ],
  })
})

test('message keys of Debezium are read with and without their schema', async () => {
  const created = (id: number) => ({ op: 'c', before: null, after: { id, total: '9.90', paid_at: 1767322945500 } })
  await mesh.postKeyed('partners.invoices', [
    { key: { id: 7 }, value: created(7) },
    { key: { schema: {}, payload: { id: 8 } }, value: created(8) },
    { value: created(9) },
    { key: { id: 7 }, value: { op: 'd', before: { id: 7 }, after: null } },
    { key: { schema: {}, payload: { id: 8 } }, value: null },
  ])
  expect(
    await mesh.query('{ a: invoice(id: 7) { id } b: invoice(id: 8) { id } c: invoice(id: 9) { total paidAt } }'),
  ).toEqual({ a: null, b: null, c: { total: '9.9', paidAt: '2026-01-02T03:02:25.500Z' } })
})
