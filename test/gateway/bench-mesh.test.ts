// The mesh of bench/gateway stays right: what the bench compares with is what graphql-js answers over the same data in one schema.
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BENCH_RESPONSE_BYTES, benchQuery } from '../../bench/gateway/mesh/bench-query.ts'
import { mergedAnswer } from '../../bench/gateway/mesh/merged-mesh.ts'
import { archiveQuery, distinctOperation, requestBody } from '../../bench/gateway/mesh/operations.ts'
import { startSubgraphs, type BenchSubgraphs, type MeshName } from '../../bench/gateway/mesh/subgraphs.ts'
import { typeMeshAnswer, typeMeshQuery } from '../../bench/gateway/mesh/type-mesh.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'

let mesh: BenchSubgraphs
const gateways = new Map<MeshName, Gateway>()

beforeAll(async () => {
  mesh = await startSubgraphs()
  for (const name of ['four', 'archive', 'types'] as const) {
    const supergraphSdl = mesh.supergraphs[name]
    gateways.set(name, await startGateway({ mesh: { supergraphSdl }, port: 0, logger: pino({ level: 'silent' }) }))
  }
})

afterAll(async () => {
  await Promise.all([...gateways.values()].map((gateway) => gateway.close()))
  await mesh.close()
})

async function ask(name: MeshName, query: string, variables?: Readonly<Record<string, unknown>>): Promise<string> {
  const response = await fetch(`${gateways.get(name)?.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: 'Bearer bench-1' },
    body: requestBody(query, variables),
  })
  return response.text()
}

test("the answer to the bench's query has the bytes that graphql-js gives, as many as the public benchmarks' has", async () => {
  const answer = await ask('four', benchQuery)
  expect(answer).toBe(mergedAnswer(benchQuery))
  expect(Buffer.byteLength(answer)).toBe(BENCH_RESPONSE_BYTES)
})

test('a body that subgraphs have seen is answered as before', async () => {
  const first = await ask('four', benchQuery)
  for (const subgraph of mesh.subgraphs.values()) subgraph.takeCounters()
  expect(await ask('four', benchQuery)).toBe(first)
  const counters = [...mesh.subgraphs.values()].map((subgraph) => subgraph.takeCounters())
  expect(counters.some(({ requests }) => requests > 0)).toBe(true)
  expect(counters.every(({ unknown }) => unknown === 0)).toBe(true)
})

test('distinct operations are right', async () => {
  for (const number of [0, 31, 511, 777]) {
    const operation = distinctOperation(number)
    expect(await ask('four', operation)).toBe(mergedAnswer(operation))
  }
})

test('the archive and the generated types are right', async () => {
  const variables = { first: 50 }
  expect(await ask('archive', archiveQuery, variables)).toBe(mergedAnswer(archiveQuery, variables))
  expect(await ask('types', typeMeshQuery)).toBe(typeMeshAnswer)
})

test('a subgraph that insists on authorization refuses a request without it', async () => {
  const accounts = mesh.subgraphs.get('accounts')
  accounts?.behave({ latencyMs: 0, requireAuthorization: true })
  const request = (headers: Readonly<Record<string, string>>): Promise<string> =>
    fetch(`http://127.0.0.1:${accounts?.port}/`, { method: 'POST', headers, body: requestBody('{ me { id } }') }).then(
      (response) => response.text(),
    )
  expect(await request({})).toBe('{"errors":[{"message":"The request has no authorization."}]}')
  expect(await request({ authorization: 'Bearer bench-1' })).toBe('{"data":{"me":{"id":"1"}}}')
  accounts?.behave({ latencyMs: 0, requireAuthorization: false })
})
