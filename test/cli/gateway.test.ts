// `meshgate gateway` over a supergraph that Apollo's composition could have made, as a user runs it: a process, real subgraphs, its options.
import { getIntrospectionQuery } from 'graphql'
import { createClient } from 'graphql-ws'
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root } from './meshgate-process.ts'

const FILE = 'test/cli/apollo-composed.graphql'
let library: Library
const processes = createProcesses(() => ({
  NODE_ENV: 'production',
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
}))

beforeAll(async () => {
  library = await startLibrary()
})
afterAll(async () => {
  await processes.killAll()
  await library.close()
})

const urls = () => ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]

async function start(args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
  const running = processes.start(['gateway', '--supergraph', FILE, ...urls(), ...args], environment)
  const url = await running.printed(/Gateway: (http:\S+)\//)
  return { running, url, ask: (body: unknown, headers = {}) => ask(`${url}/graphql`, body, headers) }
}

async function ask(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const QUERY = '{ books { isbn title state due } }'
const ANSWER = {
  data: {
    books: [
      { isbn: '1', title: 'One', state: 'IN', due: null },
      { isbn: '2', title: 'Two', state: 'OUT', due: 'soon' },
    ],
  },
}

const BY_GET = `/graphql?query=${encodeURIComponent(QUERY)}`

async function statusOfGet(url: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${url}${BY_GET}`, { headers })).status
}

async function corsOf({ ask: asks }: Awaited<ReturnType<typeof start>>, origin: string): Promise<(string | null)[]> {
  const { headers } = await asks({ query: QUERY }, { origin })
  return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]
}

describe('the gateway command that is told only where subgraphs are', () => {
  let gateway: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    gateway = await start()
  })

  test('answers over them, and shows nothing of itself', async () => {
    expect((await gateway.ask({ query: QUERY })).body).toEqual(ANSWER)
    const shown = await Promise.all(['/', '/schema.graphql'].map((path) => fetch(`${gateway.url}${path}`)))
    expect(shown.map(({ status }) => status)).toEqual([404, 404])
    const { body } = await gateway.ask({ query: '{ __schema { queryType { name } } }' })
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'INTROSPECTION_DISABLED' } }] })
  })

  test('answers trusted documents only where it is told to', async () => {
    const place = await mkdtemp(join(tmpdir(), 'meshgate-documents-'))
    const manifest = join(place, 'documents.json')
    await writeFile(manifest, JSON.stringify({ books: QUERY }))
    const only = await start(['--trusted-documents', manifest, '--trusted-documents-mode', 'only'])
    expect((await only.ask({ documentId: 'books' })).body).toEqual(ANSWER)
    const { body } = await only.ask({ query: QUERY })
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'TRUSTED_DOCUMENT_REQUIRED' } }] })
    await rm(place, { recursive: true })
  })

  test('bounds what an operation may ask and cost as it is told to', async () => {
    const bounded = await start([], { MESHGATE_LIMIT_DEPTH: '1' })
    expect((await bounded.ask({ query: '{ books { isbn } }' })).body).toMatchObject({
      errors: [{ extensions: { code: 'DOCUMENT_TOO_LARGE' } }],
    })
    const costly = await start(['--cost-max', '9'])
    expect((await costly.ask({ query: QUERY })).body).toMatchObject({
      errors: [{ extensions: { code: 'COST_EXCEEDED', cost: { estimated: 10, max: 9, path: 'books' } } }],
    })
    const telling = await start(['--cost-list-size', '4', '--cost-max', '10', '--cost-tell'])
    const cost = { estimated: 4, max: 10, remaining: 6 }
    expect((await telling.ask({ query: QUERY })).body).toEqual({ ...ANSWER, extensions: { cost } })
  })

  test('shows what clients may see where it is told to serve the page', async () => {
    const open = await start(['--page'])
    expect((await fetch(open.url)).status).toBe(200)
    const schema = await (await fetch(`${open.url}/schema.graphql`)).text()
    const shown = ['due: String', 'shelf', 'join__'].map((text) => schema.includes(text))
    expect(shown).toEqual([true, false, false])
    const { body } = await open.ask({ query: '{ __schema { queryType { name } } }' })
    expect(body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } })
  })

  test('forwards no headers, takes no batches, answers no foreign page, hides errors', async () => {
    await gateway.ask({ query: QUERY }, { authorization: 'Bearer a', cookie: 'c=d' })
    const { authorization, cookie } = library.headers()
    expect({ authorization, cookie }).toEqual({})
    expect((await gateway.ask([{ query: QUERY }])).status).toBe(400)
    expect(await statusOfGet(gateway.url)).toBe(400)
    expect(await corsOf(gateway, 'https://a.example')).toEqual([null, null])
    expect(JSON.stringify((await gateway.ask({ query: '{ asked }' })).body)).not.toContain('internals')
  })

  test('ends when it is asked to', async () => {
    expect(await gateway.running.stop()).toMatchObject({ code: 0 })
  })
})

describe('the gateway command with options', () => {
  let gateway: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    const options = [
      ['--forward-header', 'authorization', '--forward-header', 'X-Tenant'],
      ['--batch-max', '2'],
      ['--cors-origin', 'https://a.example', '--cors-origin', 'https://b.example', '--cors-credentials'],
      ['--csrf-header', 'x-mine'],
      ['--expose-errors'],
      ['--subgraph-timeout', 'loans=20000', '--subgraph-timeout', 'books=1500'],
      ['--subgraph-sse', 'loans'],
    ]
    gateway = await start(options.flat(), { MESHGATE_BATCH_MAX: '1', MESHGATE_COMPRESSION: 'false' })
  })

  test('forwards the headers that it is told to, and no others', async () => {
    await gateway.ask({ query: QUERY }, { authorization: 'Bearer a', 'x-tenant': 't', 'x-other': 'o', cookie: 'c=d' })
    const { authorization, cookie, 'x-tenant': tenant, 'x-other': other } = library.headers()
    expect({ authorization, tenant, cookie, other }).toEqual({ authorization: 'Bearer a', tenant: 't' })
  })

  test('takes batches up to the size of the option, which wins over the environment', async () => {
    expect((await gateway.ask([{ query: QUERY }, { query: QUERY }])).body).toEqual([ANSWER, ANSWER])
    expect((await gateway.ask([{ query: QUERY }, { query: QUERY }, { query: QUERY }])).status).toBe(400)
  })

  test('does as the environment says where no option does', async () => {
    const { headers } = await gateway.ask({ query: getIntrospectionQuery() }, { 'accept-encoding': 'gzip' })
    expect(headers.get('content-encoding')).toBe(null)
  })

  test('answers pages of the origins that it is told', async () => {
    expect(await corsOf(gateway, 'https://b.example')).toEqual(['https://b.example', 'true'])
    expect(await corsOf(gateway, 'https://c.example')).toEqual([null, null])
  })

  test('asks for the header that it is told', async () => {
    expect([await statusOfGet(gateway.url), await statusOfGet(gateway.url, { 'x-mine': '1' })]).toEqual([400, 200])
  })

  test('shows errors of subgraphs', async () => {
    expect(JSON.stringify((await gateway.ask({ query: '{ asked }' })).body)).toContain('internals')
  })

  test('takes subscriptions of a subgraph as Server-Sent Events', async () => {
    const url = `${gateway.url.replace('http', 'ws')}/graphql`
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
    const first = client.iterate({ query: 'subscription { lent { isbn title due } }' }).next()
    await library.subscribed
    library.lend('2')
    expect((await first).value).toEqual({ data: { lent: { isbn: '2', title: 'Two', due: 'soon' } } })
    await client.dispose()
  })

  test('waits for a subgraph no longer than it is told', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    library.hold(promise)
    const { body } = await gateway.ask({ query: QUERY })
    library.hold(Promise.resolve())
    resolve(undefined)
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'SUBGRAPH_TIMEOUT', service: 'books' } }] })
  })
})

test('the gateway command takes the supergraph from standard input', async () => {
  const args = [join(root, 'cli/main.ts'), 'gateway', '-s', '-', '--port', '0', '--no-csrf', ...urls()]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    child.stdin.end(await readFile(join(root, FILE)))
    let printed = ''
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      printed += chunk.toString()
      if (printed.includes('\n')) break
    }
    const [, url = ''] = /Gateway: (http:\S+)\//.exec(printed) ?? []
    expect((await ask(`${url}/graphql`, { query: QUERY })).body).toEqual(ANSWER)
    expect(await statusOfGet(url)).toBe(200)
  } finally {
    child.kill('SIGKILL')
  }
})

test.each([
  { share: 'none', asked: 3 },
  { share: 'subgraph-requests', asked: 1 },
  { share: 'requests', asked: 1 },
])('the gateway command shares what it is told: $share', async ({ share, asked }) => {
  const { ask: asks, url } = await start(['--share', share])
  await asks({ query: QUERY })
  const before = library.requests()
  const { promise, resolve } = Promise.withResolvers<undefined>()
  library.hold(promise)
  const answers = askAtOnce(url, 3)
  await expect.poll(() => library.requests() - before).toBeGreaterThanOrEqual(asked)
  library.hold(Promise.resolve())
  resolve(undefined)
  expect(await answers).toEqual([ANSWER, ANSWER, ANSWER])
  expect(library.requests() - before).toBe(asked)
})

/** In one packet, so that all have arrived when the first is sent on. */
async function askAtOnce(url: string, times: number): Promise<unknown[]> {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ query: QUERY })
  const request = `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const socket = connect(Number(port), hostname)
  socket.write(request.repeat(times))
  let received = ''
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received += chunk.toString()
    if (received.split('HTTP/1.1 200').length > times && received.endsWith('}')) break
  }
  return [...received.matchAll(/^\{.*\}(?=HTTP|$)/gm)].map(([answer]) => JSON.parse(answer) as unknown)
}

describe('the gateway command refuses', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'meshgate-gateway-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('every option and setting that cannot be used, all at once', async () => {
    const args = [
      '--share',
      'some',
      '--workers',
      '0',
      '--cors-origin',
      'a.example',
      '--subgraph-url',
      'books',
      '--cors-credentials',
    ]
    const refused = await processes.run(['gateway', '-s', FILE, ...args], {
      MESHGATE_BATCH_MAX: 'x',
      LOG_LEVEL: 'loud',
    })
    expect({
      code: refused.code,
      told: refused.stderr
        .trim()
        .replace(/^CONFIG_INVALID: /, '')
        .split(/(?<=\.) (?=[A-Z-])/),
    }).toEqual({
      code: 2,
      told: [
        expect.stringMatching(/^LOG_LEVEL=loud cannot be used/),
        '--workers=0 cannot be used: write a number from 1 to 512, or auto.',
        '--share=some cannot be used: write one of none, fresh, subgraph-requests, requests.',
        'MESHGATE_BATCH_MAX=x cannot be used: write a number from 0 to 1000, for example 10.',
        '--cors-origin=a.example cannot be used: write origins as browsers send them, for example https://app.example.com,http://localhost:3000, or *.',
        '--subgraph-url=books cannot be used: write each subgraph once, as NAME=value with commas between them, for example reviews=http://reviews:4001/graphql.',
        'MESHGATE_CORS_CREDENTIALS needs MESHGATE_CORS_ORIGINS that lists the origins, without *.',
      ],
    })
  })

  const refusals: Record<string, [readonly string[], number, RegExp]> = {
    'a name that no subgraph has': [
      ['--subgraph-timeout', 'book=1'],
      2,
      /CONFIG_INVALID: .*no subgraph named book.*books, loans/,
    ],
    'a header that cannot be forwarded': [
      ['--forward-header', 'host', '--subgraph-url', 'loans=http://localhost:1/'],
      2,
      /CONFIG_INVALID: .*"host"/,
    ],
    'a subgraph without a URL': [[], 2, /CONFIG_INVALID: Subgraph "loans" has the URL ""/],
    'both ways with CSRF': [['--no-csrf', '--csrf-header', 'x-a'], 2, /--no-csrf.*--csrf-header|conflict/],
  }
  for (const [title, [args, code, line]] of Object.entries(refusals)) {
    test(title, async () => {
      const refused = await processes.run([
        'gateway',
        '-s',
        FILE,
        '--subgraph-url',
        `books=${library.booksUrl}`,
        ...args,
      ])
      expect({ code: refused.code, stderr: refused.stderr }).toEqual({ code, stderr: expect.stringMatching(line) })
    })
  }

  test.each(['1', '2'])('what is no supergraph, with %s workers', async (workers) => {
    const path = join(directory, 'broken.graphql')
    await writeFile(path, 'type Query {')
    const refused = await processes.run(['gateway', '-s', path, '--workers', workers])
    expect({ code: refused.code, lines: refused.stderr.trim().split('\n') }).toEqual({
      code: 1,
      lines: [
        `COMPOSITION_FAILED: ${path}:1:13: The supergraph is no GraphQL document: Syntax Error: Expected Name, found <EOF>.`,
      ],
    })
    const missing = await processes.run(['gateway', '-s', join(directory, 'missing.graphql'), '--workers', workers])
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/^FILE_UNREADABLE: .*does not exist/)])
  })

  test('a supergraph file that holds none', async () => {
    const empty = join(directory, 'empty.graphql')
    await writeFile(empty, '\n')
    const [blank, folder, unnamed] = await Promise.all(
      [empty, directory, ''].map((path) => processes.run(['gateway', '-s', path])),
    )
    expect([blank, folder, unnamed].map((refused) => [refused?.code, refused?.stderr])).toEqual([
      [1, `COMPOSITION_FAILED: ${empty}: The supergraph is empty. Write it with \`meshgate compose --out FILE\`.\n`],
      [1, `FILE_UNREADABLE: ${directory} is a directory. Name a file.\n`],
      [2, 'CONFIG_INVALID: --supergraph names no file. Write its path.\n'],
    ])
  })
})
