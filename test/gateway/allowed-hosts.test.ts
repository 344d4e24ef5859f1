// By which names a gateway may be asked: a site whose name is made to point here is no other origin, and known by that name only.
import { request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createHostGuard } from '../../gateway/http/host-guard.ts'
import { openSocket } from './open-socket.ts'
import { startStreams, type Streams } from './stream-mesh.ts'

let streams: Streams
afterEach(() => streams.close())

/** By the name `host`, as a page of that site asks. */
async function ask(host: string, path: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(streams.url)
  const headers = { host: `${host}:${port}`, 'content-type': 'application/json' }
  const asking = request({ port, path, method: path === '/graphql' ? 'POST' : 'GET', headers })
  asking.end(path === '/graphql' ? '{"query":"{ now }"}' : undefined)
  return new Promise((resolve, reject) => {
    asking.on('error', reject)
    asking.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
  })
}

function connect(host: string): Promise<number> {
  const { port } = new URL(streams.url)
  return openSocket(streams.url, { host: `${host}:${port}`, origin: `http://${host}:${port}` })
}

describe('a gateway with a list of names', () => {
  test('answers under those, localhost and addresses, and under no other, whatever is asked', async () => {
    streams = await startStreams({ allowedHosts: ['mesh.example.com', '*.example.org'] })
    const known = [
      'localhost',
      'a.localhost',
      '127.0.0.1',
      '[::1]',
      'MESH.example.com',
      'mesh.example.com.',
      'a.example.org',
    ]
    for (const host of known) {
      expect([host, await ask(host, '/graphql')]).toEqual([host, { status: 200, body: '{"data":{"now":7}}' }])
      expect([host, await connect(host)]).toEqual([host, 101])
    }
    const unknown = [
      'evil.example',
      'example.org',
      'mesh.example.com.evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]
    for (const host of unknown) {
      for (const path of ['/graphql', '/schema.graphql', '/health/ready', '/topics/a']) {
        const { status, body } = await ask(host, path)
        expect([host, path, status]).toEqual([host, path, 421])
        expect(JSON.parse(body)).toMatchObject({ errors: [{ message: expect.stringContaining(host) as string }] })
      }
      expect([host, await connect(host)]).toEqual([host, 421])
    }
  })

  test('reads no name out of what is none', async () => {
    streams = await startStreams()
    const guard = createHostGuard([])
    for (const host of ['', 'a b', 'localhost@evil.example', 'evil.example/localhost', 'localhost#', '%6c', '[::1']) {
      expect([host, guard({ headers: { host } } as never)?.status]).toEqual([host, 421])
    }
    expect(() => createHostGuard(['https://mesh.example.com'])).toThrow('without scheme and port')
  })
})

test('without a list it answers under any name', async () => {
  streams = await startStreams()
  expect(await ask('evil.example', '/graphql')).toEqual({ status: 200, body: '{"data":{"now":7}}' })
})
