// Requests that steer ingest, on a real server and sockets: none is taken that a page of another site could have sent.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TableLedger } from '../../ingest/beside/table-ledger.ts'
import { limits } from '../../platform/limits.ts'
import { serveIngest, type ServedIngest } from './serve-ingest.ts'

let served: ServedIngest
beforeEach(async () => {
  served = await serveIngest()
})
afterEach(() => served.close())

const REQUESTS: Readonly<Record<string, { readonly path: string; readonly body: object }>> = {
  'new tables': { path: '/ingest/tables/test/things', body: { action: 'build', seed: 'topic' } },
  replays: { path: '/ingest/replays', body: { product: 'test/things', from: 'earliest' } },
  redrives: { path: '/ingest/redrives', body: { product: 'test/things', filter: {}, user: 'a', host: 'b' } },
}

async function answerTo(path: string, init: RequestInit): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${served.url}${path}`, { method: 'POST', ...init })
  return { status: response.status, code: ((await response.json()) as { code?: unknown }).code }
}

describe.each(Object.entries(REQUESTS))('%s', (_name, { path, body }) => {
  test('are refused unless they are application/json', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain; application/json']) {
      const answer = await answerTo(path, { body: JSON.stringify(body), headers: { 'content-type': type } })
      expect(answer).toEqual({ status: 415, code: 'INGEST_REQUEST_UNSUPPORTED' })
    }
    expect(await answerTo(path, {})).toEqual({ status: 415, code: 'INGEST_REQUEST_UNSUPPORTED' })
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
    expect((await answerTo(path, { body: JSON.stringify(body), headers })).status).toBeLessThan(300)
  })

  test('are refused beyond their bound, and when the body is no JSON object', async () => {
    const headers = { 'content-type': 'application/json' }
    const large = JSON.stringify({ ...body, more: 'x'.repeat(limits.controlBodyBytesMax) })
    expect(await answerTo(path, { body: large, headers })).toEqual({ status: 413, code: 'INGEST_REQUEST_TOO_LARGE' })
    for (const wrong of ['', '{', '[]', 'null', '"build"']) {
      expect([400, 422]).toContain((await answerTo(path, { body: wrong, headers })).status)
    }
  })

  test('are refused by another method, which is told', async () => {
    const response = await fetch(`${served.url}${path}`, { method: 'DELETE' })
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 405,
      allow: path === '/ingest/redrives' ? 'GET, POST' : 'POST',
    })
  })
})

test('a refused request for new tables leaves no fact behind', async () => {
  const building = async () => {
    const ledger = new TableLedger(served.ports)
    await ledger.readOn()
    return ledger.of('test/things').state.building?.seed
  }
  const request = { body: '{"action": "build", "seed": "scan"}' }
  await answerTo('/ingest/tables/test/things', { ...request, headers: { 'content-type': 'text/plain' } })
  expect(await building()).toBeUndefined()
  await answerTo('/ingest/tables/test/things', { ...request, headers: { 'content-type': 'application/json' } })
  expect(await building()).toBe('scan')
})
