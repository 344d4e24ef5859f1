// A gateway whose supergraph changes under it: files as editors, renames and config maps change them, URLs, signals, workers.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { supergraphId } from '../../cli/supergraph/supergraph-source.ts'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root, type MeshgateProcess } from './meshgate-process.ts'

let library: Library
let directory = ''
let first = ''
let second = ''
const closing: (() => Promise<unknown>)[] = []
const processes = createProcesses(() => ({
  NODE_ENV: 'production',
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
}))

beforeAll(async () => {
  library = await startLibrary()
  first = await readFile(join(root, 'test/cli/apollo-composed.graphql'), 'utf8')
  second = first.replace(/^ {2}asked: .*\n/m, '')
})
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-reload-'))
})
afterEach(async () => {
  await processes.killAll()
  for (const close of closing.splice(0)) await close()
  await rm(directory, { recursive: true })
})
afterAll(() => library.close())

interface Running {
  readonly running: MeshgateProcess
  readonly url: string
}

async function start(supergraph: string, more: readonly string[] = [], environment = {}): Promise<Running> {
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const running = processes.start(['gateway', '-s', supergraph, ...urls, ...more], environment)
  return { running, url: await running.printed(/Gateway: (http:\S+)\//) }
}

async function readiness({ url }: Pick<Running, 'url'>): Promise<{ status: number; [name: string]: unknown }> {
  const response = await fetch(`${url}/health/ready`, { headers: { connection: 'close' } })
  return { status: response.status, ...((await response.json()) as object) }
}

async function served(gateway: Running): Promise<unknown> {
  return (await readiness(gateway))['supergraph']
}

async function metric({ url }: Running, name: string): Promise<string | undefined> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1)
}

/** What only the first supergraph has. */
async function knowsAsked({ url }: Running): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{ asked }"}' })
  return 'data' in ((await response.json()) as object)
}

const RELOADS = 'meshgate_gateway_supergraph_reloads_total'

describe('a gateway over a file', () => {
  test('serves what a rename puts there', async () => {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, first)
    const gateway = await start(file)
    expect(await served(gateway)).toBe(supergraphId(first))
    await writeFile(`${file}.next`, second)
    await rename(`${file}.next`, file)
    await expect.poll(() => served(gateway)).toBe(supergraphId(second))
    expect(await knowsAsked(gateway)).toBe(false)
    expect(await metric(gateway, `meshgate_gateway_supergraph_info{id="${supergraphId(second)}"}`)).toBe('1')
    expect(await metric(gateway, `${RELOADS}{outcome="replaced"}`)).toBe('1')
  })

  test('serves what a link points to, as Kubernetes swaps a config map', async () => {
    await mkdir(join(directory, 'one'))
    await mkdir(join(directory, 'two'))
    await writeFile(join(directory, 'one', 'supergraph.graphql'), first)
    await writeFile(join(directory, 'two', 'supergraph.graphql'), second)
    await symlink('one', join(directory, 'data'))
    await symlink(join('data', 'supergraph.graphql'), join(directory, 'supergraph.graphql'))
    const gateway = await start(join(directory, 'supergraph.graphql'))
    await symlink('two', join(directory, 'data.next'))
    await rename(join(directory, 'data.next'), join(directory, 'data'))
    await expect.poll(() => served(gateway)).toBe(supergraphId(second))
  })

  test('keeps what it has when the new one is broken, says so once, and takes the mended one', async () => {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, first)
    const gateway = await start(file)
    await writeFile(file, 'type Query {')
    await expect.poll(async () => (await readiness(gateway))['reasons']).toHaveLength(1)
    expect(await readiness(gateway)).toEqual({
      status: 200,
      ready: true,
      reasons: [expect.stringMatching(/is refused, and [0-9a-f]{16} is served: .*supergraph\.graphql:1:13: /)],
      supergraph: supergraphId(first),
    })
    expect(await knowsAsked(gateway)).toBe(true)
    // Touched, it is read again and is what was refused.
    await writeFile(file, 'type Query {')
    await rm(file)
    await gateway.running.reported(/(The supergraph cannot be read)/)
    await writeFile(file, second)
    await expect.poll(() => served(gateway)).toBe(supergraphId(second))
    expect(await readiness(gateway)).toMatchObject({ status: 200, reasons: [] })
    expect(await metric(gateway, `${RELOADS}{outcome="refused"}`)).toBe('1')
    const { stderr } = await gateway.running.stop()
    expect(stderr.match(/A new supergraph is refused/g)).toHaveLength(1)
  })

  test('refuses a supergraph that names a subgraph without an address, as it does at the start', async () => {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, first)
    const gateway = await start(file)
    await writeFile(file, second.replace('name: "loans"', 'name: "lending"'))
    await expect
      .poll(async () => (await readiness(gateway))['reasons'])
      .toEqual([expect.stringContaining('no subgraph named loans')])
    expect(await served(gateway)).toBe(supergraphId(first))
  })
})

interface Registry {
  readonly url: string
  readonly asked: IncomingHttpHeaders[]
  statuses: number[]
  text: string
}

async function startRegistry(text: string, port = 0): Promise<Registry> {
  const registry = { url: '', asked: [] as IncomingHttpHeaders[], statuses: [] as number[], text }
  const server = createServer((request, response) => {
    registry.asked.push(request.headers)
    const etag = `"${supergraphId(registry.text)}"`
    const status = request.headers['if-none-match'] === etag ? 304 : 200
    registry.statuses.push(status)
    response.writeHead(status, { etag }).end(status === 304 ? undefined : registry.text)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closing.push(async () => server.close())
  registry.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/supergraph`
  return registry
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('a gateway over a URL', () => {
  test('shows its token, asks for what has changed only, and looks at once when it is told to', async () => {
    const registry = await startRegistry(first)
    const gateway = await start(registry.url, [], { MESHGATE_SUPERGRAPH_TOKEN: 'secret' })
    expect(registry.asked.map(({ authorization }) => authorization)).toEqual(['Bearer secret'])
    await expect.poll(() => registry.statuses).toEqual([200, 304])
    registry.text = second
    gateway.running.child.kill('SIGHUP')
    await expect.poll(() => served(gateway)).toBe(supergraphId(second))
    const { stderr } = await gateway.running.stop()
    expect(stderr).not.toContain('secret')
  })

  test('says that it has no supergraph while nobody answers there, and begins when somebody does', async () => {
    const [port, own] = [await freePort(), await freePort()]
    const started = start(`http://127.0.0.1:${port}/supergraph`, ['--port', String(own)])
    const url = `http://127.0.0.1:${own}`
    await expect
      .poll(() => readiness({ url }).catch(() => null))
      .toEqual({ status: 503, ready: false, reasons: [expect.stringMatching(/^no supergraph yet: .*ECONNREFUSED/)] })
    const registry = await startRegistry(first, port)
    const gateway = await started
    expect(await served(gateway)).toBe(supergraphId(first))
    expect(registry.statuses[0]).toBe(200)
  })
})

describe('a gateway over a URL that keeps a copy', () => {
  const AGE = 'meshgate_gateway_supergraph_age_seconds'
  const STALE = 'meshgate_gateway_supergraph_stale'
  let port: number
  let address: string
  let copy: string
  beforeEach(async () => {
    port = await freePort()
    address = `http://127.0.0.1:${port}/supergraph`
    copy = join(directory, 'copy.graphql')
  })
  const begin = (more: readonly string[] = []) => start(address, more, { MESHGATE_SUPERGRAPH_COPY: copy })
  /** What was served there before, and nobody answers any more. */
  async function serveAndLeave(): Promise<void> {
    const registry = await startRegistry(first, port)
    const gateway = await begin()
    expect([await metric(gateway, STALE), (await readiness(gateway))['reasons']]).toEqual(['0', []])
    registry.text = second
    gateway.running.child.kill('SIGHUP')
    await expect.poll(() => served(gateway)).toBe(supergraphId(second))
    await expect.poll(() => readFile(copy, 'utf8')).toBe(`# Meshgate's copy of ${address}\n${second}`)
    await gateway.running.stop()
    for (const close of closing.splice(0)) await close()
  }

  test('starts with it while the URL is away, says so with its age, and goes on with the URL', async () => {
    await serveAndLeave()
    const seen = new Date(Date.now() - 3_600_000)
    await utimes(copy, seen, seen)
    const gateway = await begin()
    const why = new RegExp(`^the supergraph cannot be read, .*last seen there at ${seen.toISOString()}: .*ECONNREFUSED`)
    expect(await readiness(gateway)).toMatchObject({
      status: 200,
      supergraph: supergraphId(second),
      reasons: [expect.stringMatching(why)],
    })
    expect([await metric(gateway, STALE), Number(await metric(gateway, AGE)) >= 3_600]).toEqual(['1', true])
    expect(await knowsAsked(gateway)).toBe(false)
    await startRegistry(first, port)
    gateway.running.child.kill('SIGHUP')
    await expect.poll(() => served(gateway)).toBe(supergraphId(first))
    await expect.poll(() => metric(gateway, STALE)).toBe('0')
    expect(Number(await metric(gateway, AGE))).toBeLessThan(3_600)
    await expect.poll(() => readFile(copy, 'utf8')).toContain(first)
    const { stderr } = await gateway.running.stop()
    const warned = stderr.split('\n').filter((line) => line.includes('The copy of the last one'))
    expect(warned).toHaveLength(1)
    expect(Number(/"ageSeconds":(\d+)/.exec(warned[0] ?? '')?.[1])).toBeGreaterThanOrEqual(3_600)
  })

  test('says so in all workers', async () => {
    await serveAndLeave()
    const gateway = await begin(['--workers', '2'])
    await expect
      .poll(async () => (await readiness(gateway))['reasons'])
      .toEqual([expect.stringMatching(/last seen there at .*ECONNREFUSED/)])
    expect(await served(gateway)).toBe(supergraphId(second))
  })

  test('waits where the copy is of another URL', async () => {
    await writeFile(copy, `# Meshgate's copy of http://elsewhere/\n${first}`)
    const own = await freePort()
    const started = begin(['--port', String(own)])
    await expect
      .poll(() => readiness({ url: `http://127.0.0.1:${own}` }).catch(() => null))
      .toMatchObject({ status: 503 })
    await startRegistry(second, port)
    expect(await served(await started)).toBe(supergraphId(second))
  })
})

describe('a gateway of several workers', () => {
  /** One per connection, so that both workers are asked. */
  async function everywhere(gateway: Running): Promise<unknown[]> {
    const seen = await Promise.all(Array.from({ length: 8 }, () => readiness(gateway)))
    return [...new Set(seen.map((one) => JSON.stringify([one['supergraph'], one['reasons']])))]
  }

  test('serves the new supergraph in all of them, and in one that is started again', async () => {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, first)
    const gateway = await start(file, ['--workers', '2'])
    const worker = Number(await gateway.running.reported(/"worker":1,"process":(\d+)/))
    await writeFile(file, second)
    const all = [JSON.stringify([supergraphId(second), []])]
    await expect.poll(() => everywhere(gateway)).toEqual(all)
    expect(await metric(gateway, `${RELOADS}{outcome="replaced"}`)).toBe('1')
    process.kill(worker, 'SIGKILL')
    await gateway.running.reported(/(?:"worker":1,"process":\d+[^]*?){2}("Worker 1 serves)/)
    expect(await everywhere(gateway)).toEqual(all)
  })

  test('keeps the old in all of them when the new one is broken, and all say so', async () => {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, first)
    const gateway = await start(file, ['--workers', '2'])
    await writeFile(file, 'type Query {')
    await expect.poll(() => everywhere(gateway)).toEqual([expect.stringContaining('is refused')])
    expect(await metric(gateway, 'meshgate_gateway_supergraph_stale')).toBe('1')
    const { stderr } = await gateway.running.stop()
    expect(stderr.match(/A new supergraph is refused/g)).toHaveLength(1)
  })
})
