// What the fuzzer has found in a mesh on a laptop, and stays mended.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSmallMesh, type SmallMesh } from '../support/small-mesh.ts'

let mesh: SmallMesh
beforeAll(async () => {
  mesh = await startSmallMesh(['marketing/feedback'])
})
afterAll(() => mesh.close())

test('the path of a topic that cannot be decoded names no topic', async () => {
  for (const path of ['/ingest/rejected/%', '/ingest/rejected/%ff/records', '/topics/%']) {
    const response = await fetch(`${mesh.url}${path}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'LOG_TOPIC_UNKNOWN' })
  }
})

test('who asks for a snapshot that no table serves is told what to give', async () => {
  const response = await fetch(`${mesh.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { feedbackGiven { id } }', extensions: { snapshot: true } }),
  })
  const [, event = ''] = /^data: (\{.*\})$/m.exec(await response.text()) ?? []
  expect(JSON.parse(event)).toMatchObject({
    errors: [
      {
        message: expect.stringMatching(
          /^No table of marketing\/feedback serves a snapshot .* give "customerId"/,
        ) as string,
        extensions: { code: 'SNAPSHOT_NOT_SERVED' },
      },
    ],
  })
})
