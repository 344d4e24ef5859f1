// @apollo/client over the link, against a real gateway: results, the snapshot's end, cuts and errors.
import { ApolloClient, CombinedGraphQLErrors, gql, InMemoryCache } from '@apollo/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MeshgateLink, type MeshgateLinkContext } from '../../client/apollo.ts'
import { reading } from '../subgraphs/telemetry.ts'
import { ClientMesh } from './client-mesh.ts'

let mesh: ClientMesh

beforeEach(async () => {
  mesh = await ClientMesh.open()
})

afterEach(async () => {
  await mesh.close()
})

const QUERY = gql`
  subscription Readings($of: ID) {
    event: readingChanged(sensorId: $of) {
      id
      value
    }
  }
`

test.for(['a socket', 'an event stream'])('every result comes once over %s, however often it is cut', async (way) => {
  const link = new MeshgateLink(way === 'a socket' ? mesh.overSocket() : mesh.overEventStream())
  const client = new ApolloClient({ link, cache: new InMemoryCache() })
  await mesh.telemetry.put([reading('1'), reading('2')])
  const results: unknown[] = []
  let completed = 0
  const context: MeshgateLinkContext = { meshgate: { onSnapshotComplete: () => completed++ } }
  const subscription = client
    .subscribe<{ event: { id: string; value: string } | null }>({
      query: QUERY,
      variables: { of: '1' },
      extensions: { snapshot: true },
      context: { ...context },
    })
    .subscribe({ next: ({ data, extensions }) => results.push([extensions?.['key'], data?.event?.value ?? null]) })
  await expect.poll(() => completed).toBe(1)
  expect(results).toEqual([
    ['1', '1.5'],
    ['2', '2.5'],
  ])
  for (let value = 0; value < 30; value++) {
    const row = reading('1', { value: String(value) })
    await mesh.telemetry.append([mesh.telemetry.change(row, { before: reading('1'), created: false })])
    if (value % 3 === 0) mesh.cut()
  }
  await mesh.telemetry.append([mesh.telemetry.change({ id: '1' }, { op: 'DELETE', before: reading('1') })])
  await expect.poll(() => results.at(-1)).toEqual(['1', null])
  expect(results.slice(2, -1)).toEqual(Array.from({ length: 30 }, (_, value) => ['1', String(value)]))
  subscription.unsubscribe()
  client.stop()
})

test('what the gateway refuses is an error of GraphQL', async () => {
  const client = new ApolloClient({ link: new MeshgateLink(mesh.overEventStream()), cache: new InMemoryCache() })
  const failure = Promise.withResolvers<unknown>()
  client
    .subscribe({
      query: gql`
        subscription {
          nothing
        }
      `,
    })
    .subscribe({ next: ({ error }) => error !== undefined && failure.resolve(error), error: failure.resolve })
  expect(CombinedGraphQLErrors.is(await failure.promise)).toBe(true)
  client.stop()
})
