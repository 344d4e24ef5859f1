// Lookups, references and scalars of the runtime, on the embedded store.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { plain, reading, request, Telemetry } from './telemetry.ts'

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open()
})

afterEach(async () => {
  await telemetry.close()
})

const entitiesQuery = `query ($of: [_Any!]!) { _entities(representations: $of) {
  ... on Reading { id value }
  ... on Sensor { id }
} }`

describe('references', () => {
  test('resolve in one store read per table however many they are, each key once', async () => {
    await telemetry.put(Array.from({ length: 500 }, (_, index) => reading(String(index))))
    const of = Array.from({ length: 1_000 }, (_, index) => ({ __typename: 'Reading', id: String(index % 600) }))
    const answer = await telemetry.execute(entitiesQuery, { of })
    expect(plain(answer)).toEqual({
      data: { _entities: of.map(({ id }) => (Number(id) < 500 ? { id, value: `${id}.5` } : null)) },
    })
    expect(telemetry.counts.calls).toEqual({ read: 1, keys: 600, page: 0 })
  })

  test("to another product's entity resolve from the key alone", async () => {
    const answer = await telemetry.execute(entitiesQuery, { of: [{ __typename: 'Sensor', id: 7 }] })
    expect(plain(answer)).toEqual({ data: { _entities: [{ id: '7' }] } })
    expect(telemetry.counts.calls).toEqual({ read: 0, keys: 0, page: 0 })
  })

  test("from another product's entity to a row here resolve by its key, all in one read, null where there is none", async () => {
    await telemetry.put([reading('4'), reading('5')])
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Sensor { id namesake { id value } } } }`
    const of = ['4', '5', '6'].map((id) => ({ __typename: 'Sensor', id }))
    const answer = await telemetry.execute(query, { of })
    expect(plain(answer)).toEqual({
      data: {
        _entities: [
          { id: '4', namesake: { id: '4', value: '4.5' } },
          { id: '5', namesake: { id: '5', value: '5.5' } },
          { id: '6', namesake: null },
        ],
      },
    })
    expect(telemetry.counts.calls).toEqual({ read: 1, keys: 3, page: 0 })
  })

  test('resolve by any declared key, brought into row form', async () => {
    await telemetry.put([reading('4')])
    const of = [{ __typename: 'Reading', sensorId: 1, readAt: '2026-01-01T01:00:04+01:00', id: '4' }]
    const answer = await telemetry.execute(entitiesQuery, { of })
    expect(plain(answer)).toEqual({ data: { _entities: [{ id: '4', value: '4.5' }] } })
  })

  test('cost their own entity when their key is wrong, and no other', async () => {
    await telemetry.put([reading('4')])
    const of = [
      { __typename: 'Reading', id: '4' },
      { __typename: 'Reading', id: { nested: true } },
      { __typename: 'Reading' },
    ]
    const answer = await telemetry.execute(entitiesQuery, { of })
    expect(plain(answer)).toEqual({
      data: { _entities: [{ id: '4', value: '4.5' }, null, null] },
      errors: [
        {
          message: 'Reading.id of a representation is {"nested":true}, no ID',
          locations: [{ line: 1, column: 25 }],
          path: ['_entities', 1],
          extensions: { code: 'ARGUMENT_INVALID', retryable: false },
        },
        {
          message: 'A representation of Reading needs the key "id" or "sensorId readAt id"',
          locations: [{ line: 1, column: 25 }],
          path: ['_entities', 2],
          extensions: { code: 'ARGUMENT_INVALID', retryable: false },
        },
      ],
    })
  })

  test('within the product are followed, also from nested values, a wave per level', async () => {
    const chain = [reading('1'), reading('2', { previousId: '1' }), reading('3', { previousId: '2' })]
    await telemetry.put([...chain, reading('9', { detail: { siteId: 'x', note: 'north' } })])
    const answer = await telemetry.execute(`{
      a: reading(id: "3") { previous { previous { id previous { id } } } }
      b: reading(id: "9") { detail { note site { id } } sensor { id } }
    }`)
    expect(plain(answer)).toEqual({
      data: {
        a: { previous: { previous: { id: '1', previous: null } } },
        b: { detail: { note: 'north', site: { id: 'x' } }, sensor: { id: '1' } },
      },
    })
    expect(telemetry.counts.calls).toEqual({ read: 3, keys: 4, page: 0 })
  })
})

describe('lookups', () => {
  test('see no row that was deleted after it was written last', async () => {
    await telemetry.put([reading('1'), reading('2')])
    await telemetry.put([reading('1')], true)
    const query = '{ one: reading(id: "1") { id } two: reading(id: "2") { id } }'
    expect(plain(await telemetry.execute(query))).toEqual({ data: { one: null, two: { id: '2' } } })
    await telemetry.put([reading('1')])
    expect(plain(await telemetry.execute(query))).toEqual({ data: { one: { id: '1' }, two: { id: '2' } } })
  })

  test('print every scalar as the row holds it', async () => {
    const cells = {
      count: '-9223372036854775808',
      day: '2026-02-28',
      tag: '0b5a3f0e-1c9d-4f3e-8a51-3c1d2e4f5a6b',
      link: 'https://example.com/a?b=c',
      mail: 'someone@example.com',
      extra: { __proto__: null, list: [1, 'two', null], deep: { yes: true } },
      ratio: 0.1,
      value: '-12345678901234567890.123456789',
    }
    await telemetry.put([reading('1', cells)])
    const names = 'count day tag link mail extra ratio value readAt status'
    const answer = await telemetry.execute(`{ reading(id: "1") { ${names} } }`)
    expect(plain(answer)).toEqual({
      data: {
        reading: {
          ...cells,
          extra: { list: [1, 'two', null], deep: { yes: true } },
          readAt: '2026-01-01T00:00:01.000Z',
          status: 'OK',
        },
      },
    })
  })

  test('say which field of a row has no value where one must be', async () => {
    const { value: _value, ...incomplete } = reading('1')
    await telemetry.put([incomplete])
    expect(plain(await telemetry.execute('{ reading(id: "1") { id value } }'))).toEqual({
      data: { reading: null },
      errors: [
        {
          message: 'A row of Reading has no value for "value", which may not be null',
          locations: [{ line: 1, column: 25 }],
          path: ['reading', 'value'],
          extensions: { code: 'ROW_INCOMPLETE', retryable: false },
        },
      ],
    })
  })
})

describe('failures', () => {
  test('of ours reach the client as an id that is in the log', async () => {
    telemetry.counts.store.read = () => Promise.reject(new Error('secret of the store'))
    const answer = await telemetry.execute('{ reading(id: "1") { id } }')
    expect(plain(answer.errors)).toEqual([
      {
        message: 'Internal error error-1',
        locations: [{ line: 1, column: 3 }],
        path: ['reading'],
        extensions: { code: 'INTERNAL', id: 'error-1' },
      },
    ])
    expect(telemetry.errors).toEqual([
      {
        details: {
          err: new Error('secret of the store'),
          id: 'error-1',
          subgraph: 'telemetry-readings',
          path: ['reading'],
        },
        message: 'A field could not be resolved',
      },
    ])
  })

  test('that may pass say so, without the words of the store', async () => {
    telemetry.counts.store.read = () => Promise.reject(new MeshgateError('STORE_OVERLOADED', 'at 10.0.0.1'))
    const answer = await telemetry.execute('{ reading(id: "1") { id } }')
    expect(plain(answer.errors)).toMatchObject([
      {
        message: 'More waits than the limit allows. Retry with backoff.',
        extensions: { code: 'STORE_OVERLOADED', retryable: true },
      },
    ])
  })

  test('of an outage are one line in the log when it begins and one now and then, however many requests fail', async () => {
    telemetry.counts.store.read = () => Promise.reject(new MeshgateError('STORE_UNAVAILABLE', 'at 10.0.0.1'))
    const fail = (): Promise<unknown> => telemetry.execute('{ reading(id: "1") { id } }')
    for (let request = 0; request < 5; request++) await fail()
    telemetry.clock.advance(limits.failureLogIntervalMs)
    await fail()
    await fail()
    const told = telemetry.warnings.map(({ details, message }) => ({
      message,
      ...(details as { failedSince: number }),
    }))
    expect(told.map(({ message, failedSince }) => [message, failedSince])).toEqual([
      ['Requests fail, and are answered so that clients try again.', 0],
      ['Requests fail, and are answered so that clients try again.', 4],
    ])
    expect(telemetry.errors).toEqual([])
  })

  test('of the request keep their message', async () => {
    const codes = async (query: string, variables?: Record<string, unknown>): Promise<unknown> =>
      (await telemetry.execute(query, variables)).errors?.map(({ extensions }) => extensions?.['code'])
    expect(await codes('{ reading(')).toEqual(['GRAPHQL_PARSE_FAILED'])
    expect(await codes('{ nothing }')).toEqual(['GRAPHQL_VALIDATION_FAILED'])
    const byDay = 'query ($from: DateTime) { readingsByDay(sensorId: "1", from: $from) { nodes { id } } }'
    expect(await codes(byDay, { from: 'yesterday' })).toEqual(['BAD_USER_INPUT'])
    expect(telemetry.errors).toEqual([])
  })

  test('abort with the reason of the signal', async () => {
    const controller = new AbortController()
    const answer = telemetry.subgraph.endpoint.execute(
      request('{ reading(id: "1") { id } }', { signal: controller.signal }),
    )
    controller.abort(new Error('client gone'))
    await expect(answer).rejects.toThrow('client gone')
    await expect(
      telemetry.subgraph.endpoint.execute(request('{ __typename }', { signal: controller.signal })),
    ).rejects.toThrow('client gone')
  })
})

test('a subgraph is named by its product alone', () => {
  expect(telemetry.subgraph.name).toBe('telemetry-readings')
})
