// Log files as a source: lines of text, whose record is what a pattern finds in them. Nothing of a file is lost: what does not match is
// rejected with its bytes, and equal lines stay as many as they are.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

const APACHE =
  '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
const COMMON = 'Host-B - - [11/Oct/2000:00:00:01 +0000] "HEAD /index.html HTTP/1.1" 304 -'

let mesh: LanguageMesh
let directory: string
beforeAll(async () => {
  mesh = await startLanguageMesh('requests.graphql')
  directory = await mkdtemp(join(tmpdir(), 'meshgate-logs-'))
})
afterAll(async () => {
  await mesh.close()
  await rm(directory, { recursive: true, force: true })
})

interface Requests {
  readonly requests: { readonly nodes: readonly { readonly id: string; readonly line: string }[] }
}

async function linesIn(): Promise<readonly string[]> {
  const { requests } = (await mesh.query('{ requests(first: 1000) { nodes { id line } } }')) as Requests
  return requests.nodes.map(({ line }) => line).toSorted()
}

async function load(name: string, bytes: string | Uint8Array): Promise<object> {
  const path = join(directory, name)
  await writeFile(path, bytes)
  return mesh.load('Request', { kind: 'file', path })
}

async function postLines(body: string, contentType = 'text/plain; charset=utf-8'): Promise<number> {
  const headers = { 'content-type': contentType }
  const response = await fetch(`${mesh.url}/topics/web.requests`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}

test('a line becomes a row: its groups by name, their text in the type of the field, a group without a match as null', async () => {
  expect(await load('access.log', `\u{FEFF}${APACHE}\r\n\n${COMMON}`)).toEqual({
    alreadyLoaded: false,
    records: 2,
    written: 2,
    rejected: 0,
  })
  const fields = 'host user at method path status bytes referer agent line'
  expect(
    await mesh.query(
      `{ apache: requestsOf(host: "127.0.0.1") { nodes { ${fields} } } common: requestsOf(host: "host-b") { nodes { ${fields} } } }`,
    ),
  ).toEqual({
    apache: {
      nodes: [
        {
          host: '127.0.0.1',
          user: 'frank',
          at: '2000-10-10T20:55:36.000Z',
          method: 'GET',
          path: '/apache_pb.gif',
          status: 200,
          bytes: '2326',
          referer: 'http://www.example.com/start.html',
          agent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
          line: APACHE,
        },
      ],
    },
    common: {
      nodes: [
        {
          host: 'host-b',
          user: '-',
          at: '2000-10-11T00:00:01.000Z',
          method: 'HEAD',
          path: '/index.html',
          status: 304,
          bytes: null,
          referer: null,
          agent: null,
          line: COMMON,
        },
      ],
    },
  })
})

test('a line that is none of the pattern, no day there is, or no text is rejected whole, and the others are written', async () => {
  const before = await linesIn()
  const impossible = COMMON.replace('11/Oct', '31/Feb')
  const refused = COMMON.replace('304', '999')
  const long = COMMON.replace('/index', `/${'i'.repeat(20_000)}`)
  const noText = Buffer.from([0x41, 0xff, 0x42])
  const other = COMMON.replace('index', 'other')
  const lines = [`  ${COMMON}`, impossible, refused, long, other].join('\n')
  const file = gzipSync(Buffer.concat([Buffer.from(`${lines}\n`), noText]))
  expect(await load('broken.log.gz', file)).toEqual({ alreadyLoaded: false, records: 6, written: 1, rejected: 5 })
  expect(await linesIn()).toEqual([...before, other].toSorted())
  const response = await fetch(`${mesh.url}/ingest/rejected/web.requests/records?full=true`)
  const told = (await response.text()).trim().split('\n')
  const rejected = told.map((line) => JSON.parse(line) as { value: string; violations: { code: string }[] })
  const codes = rejected.map(({ value, violations }) => [value, violations.map(({ code }) => code)])
  expect(new Map(codes as [string, string[]][])).toEqual(
    new Map([
      [`  ${COMMON}`, ['RECORD_LINE_UNMATCHED']],
      [impossible, ['RECORD_FIELD_TYPE']],
      [refused, ['RECORD_CHECK_FAILED']],
      [long, ['RECORD_LINE_UNMATCHED']],
      [noText.toString('base64'), ['RECORD_UNPARSABLE']],
    ]),
  )
})

test('equal lines stay as many as they are, and a file that has grown adds what is new in it', async () => {
  const before = (await linesIn()).length
  const twice = COMMON.replace('host-B', 'twice').replace('index', 'twice')
  expect(await load('grown.log', `${twice}\n${twice}\n`)).toMatchObject({ records: 2, written: 2 })
  expect(await linesIn()).toHaveLength(before + 2)
  expect(await load('grown.log', `${twice}\n${twice}\n${twice}\n`)).toMatchObject({ alreadyLoaded: false, written: 3 })
  expect(await linesIn()).toHaveLength(before + 3)
  expect(await mesh.load('Request', { kind: 'file', path: join(directory, 'grown.log') })).toMatchObject({
    alreadyLoaded: true,
  })
})

test('lines are taken by HTTP as they are, and a topic of lines takes no JSON by mistake', async () => {
  const before = (await linesIn()).length
  const posted = COMMON.replace('index', 'posted')
  expect(await postLines(`${posted}\n${posted.replace('304', '200')}\n`)).toBe(200)
  await mesh.post('web.requests', [])
  expect(await linesIn()).toHaveLength(before + 2)
  // Sent again, since the answer was lost: nothing is counted twice.
  expect(await postLines(`${posted}\n`)).toBe(200)
  await mesh.post('web.requests', [])
  expect(await linesIn()).toHaveLength(before + 2)
})

test('a line that is seen is told to who listens', async () => {
  const seen = await mesh.subscribe('subscription { requestSeen(host: "live") { path status } }')
  expect(await postLines(COMMON.replace('Host-B', 'Live').replace('index', 'live'))).toBe(200)
  const { data } = await seen.next()
  await seen.close()
  expect(data).toEqual({ requestSeen: { path: '/live.html', status: 304 } })
})
