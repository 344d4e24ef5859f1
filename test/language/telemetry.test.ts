// Readings in time buckets: from a CSV file to pages over days, both ways and bounded, an index, TTL and a live subscription.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('telemetry.graphql', 'sensors.graphql')
  await mesh.post('assets.sensors', [{ id: 'pipe-1', place: 'Żółw ☂' }])
})
afterAll(() => mesh.close())

const csv = fileURLToPath(new URL('water-flow.csv', import.meta.url))
const PAGE = 'nodes { readAt } pageInfo { hasNextPage hasPreviousPage }'

test('a file of readings is loaded, and what one reading holds is told through two products', async () => {
  expect(await mesh.load('Reading', { kind: 'file', path: csv })).toEqual({
    alreadyLoaded: false,
    records: 7,
    written: 6,
    rejected: 1,
  })
  expect(await mesh.rejected('telemetry.readings')).toEqual([
    {
      value: { Time: '2022-03-22T00:00:00+01:00', 'Water flow [l/s]': 'none', quality: 'good', batch: 'b2' },
      code: 'RECORD_FIELD_TYPE',
      field: 'litresPerSecond',
      check: undefined,
      message: 'Must be readable by parse: NUMBER; it is "none".',
      position: expect.stringMatching(/^telemetry\.readings:\d:\d+$/),
    },
  ])
  expect(
    await mesh.query(
      `{ reading(sensorId: "pipe-1", readAt: "2022-03-20T11:00:00+01:00") {
          readAt litresPerSecond cubicMetresPerHour quality sensor { place } } }`,
    ),
  ).toEqual({
    reading: {
      readAt: '2022-03-20T10:00:00.000Z',
      litresPerSecond: '100.59',
      cubicMetresPerHour: '362.124',
      quality: 'GOOD',
      sensor: { place: 'Żółw ☂' },
    },
  })
  const warned = (await mesh.changes('telemetry.readings')).flatMap(({ row, warnings }) =>
    warnings === undefined ? [] : [{ readAt: row['readAt'], warnings }],
  )
  expect(warned).toEqual([
    { readAt: '2022-03-20T23:30:00.000Z', warnings: [{ checkId: 'flow-range', field: 'litresPerSecond' }] },
  ])
})

test('a page goes over the days, newest first, within its bounds, from either end', async () => {
  const bounds = 'since: "2022-03-20T11:00:00Z", until: "2022-03-22T12:00:00Z"'
  expect(
    await mesh.query(
      `{ sensor(id: "pipe-1") {
          first: readings(${bounds}) { ${PAGE} }
          last: readings(${bounds}, last: 2) { ${PAGE} }
          none: readings(since: "2022-03-20T11:00:01Z", until: "2022-03-20T22:00:00Z") { ${PAGE} } } }`,
    ),
  ).toEqual({
    sensor: {
      first: {
        nodes: ['2022-03-22T11:00:00.000Z', '2022-03-20T23:30:00.000Z', '2022-03-20T22:00:00.000Z'].map((readAt) => ({
          readAt,
        })),
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
      last: {
        nodes: [{ readAt: '2022-03-20T22:00:00.000Z' }, { readAt: '2022-03-20T11:00:00.000Z' }],
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
      },
      none: { nodes: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } },
    },
  })
})

test('an exclusive lower and an inclusive upper bound mean what they say', async () => {
  expect(
    await mesh.query(
      `{ readings(sensorId: "pipe-1", newerThan: "2022-03-20T11:00:00Z", upTo: "2022-03-20T23:30:00Z") { nodes { readAt } } }`,
    ),
  ).toEqual({
    readings: { nodes: [{ readAt: '2022-03-20T23:30:00.000Z' }, { readAt: '2022-03-20T22:00:00.000Z' }] },
  })
})

test('months of another table go from old to new, and an index finds rows of all partitions', async () => {
  expect(
    await mesh.query(
      `{ byQuality(quality: ESTIMATED, from: "2022-01-01T00:00:00Z", to: "2022-12-01T00:00:00Z") { nodes { readAt } }
         ofBatch(batch: "b2") { nodes { quality readAt } } }`,
    ),
  ).toEqual({
    byQuality: { nodes: [{ readAt: '2022-03-20T11:00:00.000Z' }, { readAt: '2022-04-01T10:00:00.000Z' }] },
    ofBatch: {
      nodes: [
        { quality: 'ESTIMATED', readAt: '2022-04-01T10:00:00.000Z' },
        { quality: 'GOOD', readAt: '2022-03-22T11:00:00.000Z' },
      ],
    },
  })
})

test('more rows than a page has are refused with what to do', async () => {
  expect(await mesh.ask('{ readings(sensorId: "pipe-1", first: 51) { nodes { readAt } } }')).toMatchObject({
    data: null,
    errors: [{ message: '"first" is 51; at most 50 at a time, use cursors for more', path: ['readings'] }],
  })
})

test('a subscription tells the readings that are new, of those asked for', async () => {
  const taken = await mesh.subscribe(
    'subscription { readingTaken(quality: BAD, sensorId: "pipe-2") { readAt litresPerSecond sensor { id } } }',
  )
  const reading = { sensor: 'pipe-2', Time: '2022-05-01T00:00:00Z', 'Water flow [l/s]': '1', quality: ' bad' }
  await mesh.post('telemetry.readings', [
    { ...reading, sensor: 'pipe-1' },
    { ...reading, quality: 'good', Time: '2022-05-02T00:00:00Z' },
    reading,
    { ...reading, 'Water flow [l/s]': '2' },
  ])
  const first = await taken.next()
  await mesh.post('telemetry.readings', [{ ...reading, Time: '2022-05-03T00:00:00Z', 'Water flow [l/s]': '1,000.5' }])
  const second = await taken.next()
  await taken.close()
  expect([first.data, second.data]).toEqual([
    { readingTaken: { readAt: '2022-05-01T00:00:00.000Z', litresPerSecond: '1', sensor: { id: 'pipe-2' } } },
    { readingTaken: { readAt: '2022-05-03T00:00:00.000Z', litresPerSecond: '1000.5', sensor: { id: 'pipe-2' } } },
  ])
})
