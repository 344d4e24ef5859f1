// `meshgate compose` asks subgraphs that run, and says what is wrong with those that do not answer.
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommandLine } from '../../cli/command-line.ts'

const SDL = 'type Query { hello: String }'

let directory = ''
let server: Server
let url = ''
let answer: { status: number; body: string }
let waitSeconds = '0'
let asked = 0

beforeEach(async () => {
  waitSeconds = '0'
  asked = 0
  directory = await mkdtemp(join(tmpdir(), 'meshgate-compose-'))
  server = createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  answer = { status: 200, body: JSON.stringify({ data: { _service: { sdl: SDL } } }) }
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true, force: true })
})

async function compose(
  services: string | readonly string[],
  stop = new AbortController().signal,
  out = 'supergraph.graphql',
) {
  let output = ''
  let problems = ''
  const terminal = {
    print: (text: string) => void (output += text),
    report: (text: string) => void (problems += text),
    interactive: false,
    columns: 80,
  }
  const context = { environment: {}, terminal, input: () => Promise.resolve(''), stop }
  const args = ['compose', '--out', join(directory, out), '--wait', waitSeconds, ...[services].flat()]
  const code = await runCommandLine(args, '0.0.0', context)
  return { code, output, problems }
}

test('waits for a subgraph that is being started, and says so once', async () => {
  waitSeconds = '60'
  const late = answer
  answer = { status: 503, body: '{"code":"ROLE_NOT_READY"}' }
  server.on('request', () => {
    asked += 1
    if (asked === 2) answer = late
  })
  expect(await compose(`greet=${url}`)).toEqual({
    code: 0,
    output: '',
    problems: `Waiting up to 60 s for subgraph "greet" at ${url}.\n`,
  })
})

test('a stop ends the waiting, and no file is written', async () => {
  waitSeconds = '60'
  answer = { status: 503, body: '{"code":"ROLE_NOT_READY"}' }
  const stop = new AbortController()
  server.on('request', () => stop.abort())
  expect(await compose(`greet=${url}`, stop.signal)).toMatchObject({ code: 1, output: '' })
  expect(await readdir(directory)).toEqual([])
})

test('an answer that no waiting mends is told at once', async () => {
  waitSeconds = '60'
  answer = { status: 404, body: 'nothing here' }
  expect(await compose(`greet=${url}`)).toMatchObject({
    code: 1,
    problems: expect.stringMatching('^SUBGRAPH_PROTOCOL'),
  })
})

test('asks the running subgraph for its SDL, and writes the file whole', async () => {
  expect(await compose(`greet=${url}`)).toEqual({ code: 0, output: '', problems: '' })
  const supergraph = await readFile(join(directory, 'supergraph.graphql'), 'utf8')
  expect(supergraph).toContain(`GREET @join__graph(name: "greet", url: "${url}")`)
  expect(await readdir(directory)).toEqual(['supergraph.graphql'])
})

test('of a `meshgate subgraph` it takes all that it serves, under their names', async () => {
  const origin = new URL(url).origin
  const sdl = answer.body
  const list = { subgraphs: [{ name: 'greet', path: '/greet/graphql' }] }
  server.prependListener('request', (request: IncomingMessage) => {
    answer = { status: 200, body: request.url === '/subgraphs' ? JSON.stringify(list) : sdl }
  })
  expect(await compose(origin)).toEqual({ code: 0, output: '', problems: '' })
  expect(await readFile(join(directory, 'supergraph.graphql'), 'utf8')).toContain(`url: "${origin}/greet/graphql"`)
  expect(await compose([origin, `greet=${url}`])).toMatchObject({
    code: 2,
    problems: expect.stringMatching('^CONFIG_INVALID: Several subgraphs are named greet\\.'),
  })
})

test('waits for a `meshgate subgraph` that is being started, and names what is none', async () => {
  const origin = new URL(url).origin
  const sdl = answer.body
  waitSeconds = '60'
  server.prependListener('request', (request: IncomingMessage) => {
    asked += 1
    const list = JSON.stringify({ subgraphs: [{ name: 'greet', path: '/graphql' }] })
    if (asked === 1) answer = { status: 503, body: '{"code":"ROLE_NOT_READY"}' }
    else answer = { status: 200, body: request.url === '/subgraphs' ? list : sdl }
  })
  const problems = `Waiting up to 60 s for the subgraphs at ${origin}.\n`
  expect(await compose(origin)).toEqual({ code: 0, output: '', problems })
  server.removeAllListeners('request')
  server.on('request', (_request, response: ServerResponse) => response.writeHead(404).end('nothing here'))
  expect(await compose(origin)).toMatchObject({ code: 1, problems: expect.stringMatching('^SUBGRAPH_PROTOCOL') })
})

test('takes a URL with parameters as it is', async () => {
  expect(await compose(`greet=${url}?a=b`)).toMatchObject({ code: 0 })
  expect(await readFile(join(directory, 'supergraph.graphql'), 'utf8')).toContain(`url: "${url}?a=b"`)
})

test('reads the SDL of a subgraph that does not run from its file', async () => {
  const file = join(directory, 'greet.graphql')
  await writeFile(file, SDL)
  expect(await compose(`greet=http://nowhere:1/graphql=${file}`)).toMatchObject({ code: 0 })
})

test('an address where nobody listens is named, and what to do', async () => {
  server.close()
  await once(server, 'close')
  expect(await compose(`greet=${url}`)).toEqual({
    code: 1,
    output: '',
    problems: `SUBGRAPH_UNAVAILABLE: Subgraph "greet" at ${url} cannot be reached (ECONNREFUSED). Start it, or name the file of its SDL: greet=${url}=SDLFILE.\n`,
  })
})

test.each([
  { status: 503, body: '{"code":"ROLE_NOT_READY"}', code: 'SUBGRAPH_UNAVAILABLE' },
  { status: 404, body: 'nothing here', code: 'SUBGRAPH_PROTOCOL' },
  { status: 200, body: '{"errors":[{"message":"no _service"}]}', code: 'SUBGRAPH_PROTOCOL' },
])('an answer of status $status without SDL is $code', async ({ status, body, code }) => {
  answer = { status, body }
  expect(await compose(`greet=${url}`)).toMatchObject({
    code: 1,
    problems: expect.stringMatching(
      `^${code}: Subgraph "greet" at ${url} answered with status ${status} and without its SDL: `,
    ),
  })
})

test('a failed composition leaves the file as it was', async () => {
  await writeFile(join(directory, 'supergraph.graphql'), 'old')
  answer = { status: 200, body: JSON.stringify({ data: { _service: { sdl: 'type Query { hello: Nobody }' } } }) }
  expect(await compose(`greet=${url}`)).toMatchObject({ code: 1 })
  expect(await readFile(join(directory, 'supergraph.graphql'), 'utf8')).toBe('old')
})

test('refuses two subgraphs of one name', async () => {
  expect(await compose([`a=${url}`, `b=${url}`, `a=${url}`])).toEqual({
    code: 2,
    output: '',
    problems: 'CONFIG_INVALID: Several subgraphs are named a. Give each a name of its own.\n',
  })
})

test('says which version of Federation a subgraph may link', async () => {
  const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"]) ${SDL}`
  answer = { status: 200, body: JSON.stringify({ data: { _service: { sdl } } }) }
  expect(await compose(`a=${url}`)).toEqual({
    code: 1,
    output: '',
    problems:
      'subgraph a: [a] Invalid version v2.11 for the federation feature in @link directive on schema. ' +
      "Versions up to v2.9 are composed: link that one, or tell the subgraph's server to. (UNKNOWN_FEDERATION_LINK_VERSION)\n",
  })
})

test('names the directory that is missing, and leaves nothing behind', async () => {
  expect(await compose(`a=${url}`, undefined, 'missing/supergraph.graphql')).toEqual({
    code: 1,
    output: '',
    problems: `FILE_UNREADABLE: ${join(directory, 'missing')} does not exist. Check the path.\n`,
  })
  expect(await readdir(directory)).toEqual([])
})
