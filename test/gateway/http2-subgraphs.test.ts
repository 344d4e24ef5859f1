// Subgraphs over HTTP/2 and over TLS: many requests on one connection, and the same rules for answers as over HTTP/1.1.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { IncomingHttpHeaders } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HttpEndpoint, type HttpEndpointOptions } from '../../gateway/endpoints/http-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { WireRequest } from '../../platform/ports/subgraph-endpoint.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

let directory = ''
let key = ''
let cert = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'meshgate-tls-'))
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile]
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' })
  key = readFileSync(keyFile, 'utf8')
  cert = readFileSync(certFile, 'utf8')
})
afterAll(() => rmSync(directory, { recursive: true }))

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: string) => void

interface Served {
  readonly port: number
  readonly sessions: () => number
}

async function listen(server: Server | Http2Server, close: () => void): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    close()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

async function serve(answer: Answer, tls: boolean): Promise<Served> {
  const server = tls ? createSecureServer({ key, cert, allowHTTP1: false }) : createServer()
  const sessions = new Set<{ destroy(): void }>()
  let opened = 0
  server.on('session', (session) => {
    opened += 1
    sessions.add(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    const pieces: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => answer(stream, headers, Buffer.concat(pieces).toString()))
  })
  const port = await listen(server, () => {
    for (const session of sessions) session.destroy()
  })
  return { port, sessions: () => opened }
}

function reach(url: string, options: Partial<HttpEndpointOptions> = {}): HttpEndpoint {
  const endpoint = new HttpEndpoint({ name: 'remote', url, http2: true, timeoutMs: 5_000, ...options })
  closing.push(() => endpoint.close())
  return endpoint
}

const wire: WireRequest = { body: '{"query":"{ a }"}', isMutation: false, principal: ANONYMOUS, arrival: 0 }
const JSON_TYPE = { 'content-type': 'application/json' }

async function ask(endpoint: HttpEndpoint, more: Partial<WireRequest> = {}): Promise<string> {
  return Buffer.from((await endpoint.exchange({ ...wire, ...more })).bytes).toString()
}

const echo: Answer = (stream, _, body) => {
  stream.respond({ ':status': 200, ...JSON_TYPE })
  stream.end(body)
}

for (const tls of [false, true]) {
  describe(tls ? 'HTTP/2 over TLS' : 'HTTP/2 without TLS', () => {
    const urlOf = ({ port }: Served): string => `http${tls ? 's' : ''}://localhost:${port}/graphql?a=b`
    const trusting = (): Partial<HttpEndpointOptions> => (tls ? { authorities: [cert] } : {})

    test('carries many requests at a time on one connection, each with its answer', async () => {
      const served = await serve(echo, tls)
      const endpoint = reach(urlOf(served), trusting())
      await ask(endpoint)
      const bodies = Array.from({ length: 60 }, (_, index) => JSON.stringify({ query: `{ a${index} }` }))
      expect(await Promise.all(bodies.map((body) => ask(endpoint, { body })))).toEqual(bodies)
      expect(served.sessions()).toBe(1)
    })

    test('carries path, headers to forward and our own', async () => {
      const seen: IncomingHttpHeaders[] = []
      const served = await serve((stream, headers, body) => {
        seen.push(headers)
        echo(stream, headers, body)
      }, tls)
      await ask(reach(urlOf(served), trusting()), { headers: { Authorization: 'a', Host: 'evil' } })
      expect(seen).toMatchObject([
        {
          ':path': '/graphql?a=b',
          ':method': 'POST',
          ':authority': `localhost:${served.port}`,
          'content-type': 'application/json',
          authorization: 'a',
        },
      ])
    })

    test('brings 8 MB whole, and no more than is taken', async () => {
      const body = 'ü'.repeat(4_000_000)
      const served = await serve((stream) => {
        stream.respond({ ':status': 200, ...JSON_TYPE })
        stream.end(body)
      }, tls)
      expect((await ask(reach(urlOf(served), trusting()))) === body).toBe(true)
      const small = reach(urlOf(served), { ...trusting(), responseBytesMax: 1_000_000 })
      await expect(ask(small)).rejects.toMatchObject({ code: 'SUBGRAPH_PROTOCOL' })
    })

    test('fails by status, and by streams that are reset or hang, as HTTP/1.1 does', async () => {
      const answers: Answer[] = [
        (stream) => stream.respond({ ':status': 500 }, { endStream: true }),
        (stream) => stream.close(8),
        (stream) => stream.session?.destroy(),
        () => undefined,
      ]
      const codes = ['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT']
      for (const [index, answer] of answers.entries()) {
        let bad = true
        const served = await serve((stream, headers, body) => (bad ? answer : echo)(stream, headers, body), tls)
        const endpoint = reach(urlOf(served), { ...trusting(), timeoutMs: 300 })
        await expect(ask(endpoint)).rejects.toMatchObject({ code: codes[index] })
        bad = false
        expect(await ask(endpoint)).toBe(wire.body)
      }
    })

    test('ends a request that its client has left', async () => {
      const left = new AbortController()
      const closed = Promise.withResolvers<void>()
      const served = await serve((stream) => {
        stream.on('close', () => closed.resolve())
        left.abort(new Error('left'))
      }, tls)
      await expect(ask(reach(urlOf(served), trusting()), { signal: left.signal })).rejects.toThrow('left')
      await closed.promise
    })
  })
}

describe('over TLS', () => {
  async function serveHttp1(): Promise<{ port: number; versions: string[] }> {
    const versions: string[] = []
    const server = createTlsServer({ key, cert }, (request, response) => {
      versions.push(request.httpVersion)
      request.resume()
      request.on('end', () => response.writeHead(200, JSON_TYPE).end('{"data":{}}'))
    })
    return { port: await listen(server, () => server.closeAllConnections()), versions }
  }

  test('a subgraph that does not speak HTTP/2 is spoken to in HTTP/1.1', async () => {
    const { port, versions } = await serveHttp1()
    expect(await ask(reach(`https://localhost:${port}/`, { authorities: [cert] }))).toBe('{"data":{}}')
    expect(await ask(reach(`https://localhost:${port}/`, { authorities: [cert], http2: false }))).toBe('{"data":{}}')
    expect(versions).toEqual(['1.1', '1.1'])
  })

  test('such a subgraph is asked by as many connections at a time as without', async () => {
    const held: (() => void)[] = []
    const server = createTlsServer({ key, cert }, (_, response) => {
      held.push(() => response.writeHead(200, JSON_TYPE).end('{"data":{}}'))
      if (held.length < 12) return
      for (const answer of held) answer()
    })
    const port = await listen(server, () => server.closeAllConnections())
    const endpoint = reach(`https://localhost:${port}/`, { authorities: [cert] })
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(endpoint)))
    expect(new Set(answers)).toEqual(new Set(['{"data":{}}']))
  })

  test('a subgraph whose authority is not trusted is not asked', async () => {
    const { port, versions } = await serveHttp1()
    await expect(ask(reach(`https://localhost:${port}/`))).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    expect(versions).toEqual([])
  })
})
