// The commands as processes, the way a user runs them: outcome, exit code, and what is printed where.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { readLock } from '../../platform/data-directory.ts'
import { createProcesses, root } from './meshgate-process.ts'

const ORDER = {
  id: '1-999-1',
  customerId: '1',
  storeId: '2',
  placedAt: '2026-01-02T03:04:05Z',
  lines: [{ productId: '1', quantity: 2, amount: '5.70', cost: '2.00' }],
}

let directory = ''
const processes = createProcesses(() => ({ MESHGATE_DATA_DIR: join(directory, 'data') }))
const { start, run } = processes

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-cli-'))
})

afterEach(async () => {
  await processes.killAll()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

describe('check', () => {
  test('says ok of the products of the project', async () => {
    expect(await run(['check'])).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
  })

  test('prints every problem with its place and what to write, and fails', async () => {
    const file = join(directory, 'product.graphql')
    await writeFile(
      file,
      'extend schema @product(name: "x", domain: "d", owner: "o")\ntype A @key(fields: "id") { id: ID! b: Foo }\n',
    )
    const { code, stdout } = await run(['check', directory])
    expect(code).toBe(1)
    expect(stdout).toContain(`${file}:1:15 DIRECTIVE_ARGUMENT_MISSING`)
    expect(stdout).toContain(`${file}:2:40 TYPE_UNKNOWN There is no type "Foo".\n  `)
  })

  test('tells with --verbose what would be created', async () => {
    const { stdout } = await run(['check', 'sales/orders', '--verbose'])
    expect(stdout).toContain('  topic sales.orders: 4 partitions, kept for ever\n')
    expect(stdout).toContain('  table orders_by_customer: key ((customerId), placedAt desc, id);')
  })
})

describe('wrong use', () => {
  test.each([
    { what: 'an unknown command', args: ['nonsense'], code: 2, line: "error: unknown command 'nonsense'" },
    {
      what: 'a wrong port',
      args: ['dev', '--port', 'x'],
      code: 2,
      line: "error: option '-p, --port <N>' argument 'x'",
    },
    {
      what: 'a wrong setting',
      args: ['dev'],
      set: { PORT: 'x' },
      code: 2,
      line: 'CONFIG_INVALID: PORT=x cannot be used',
    },
    {
      what: 'an absent product',
      args: ['check', 'nowhere'],
      code: 1,
      line: 'FILE_UNREADABLE: nowhere does not exist, and no product of the project is called so.',
    },
    { what: 'an absent file', args: ['load', 'sales/orders', 'none.csv'], code: 1, line: 'FILE_UNREADABLE: ' },
    {
      what: 'an unknown format',
      args: ['load', 'sales/orders', 'x.txt', '--format', 'xml'],
      code: 2,
      line: "error: option '-f, --format <FORMAT>' argument 'xml' is invalid. Allowed choices are csv, ndjson.",
    },
    {
      what: 'no subgraph',
      args: ['compose', 'a=b', '--out', 'x'],
      code: 2,
      line: 'CONFIG_INVALID: a=b is no subgraph',
    },
    {
      what: 'a data directory that is a file',
      args: ['dev'],
      set: { MESHGATE_DATA_DIR: join(root, 'LICENSE') },
      code: 1,
      line: 'DATA_DIR_UNUSABLE: ',
    },
  ])('$what ends with one line and an exit code', async ({ args, set, code, line }) => {
    const outcome = await run(args, set)
    expect({ code: outcome.code, line: outcome.stderr.slice(0, line.length) }).toEqual({ code, line })
    expect(outcome.stderr).not.toContain('    at ')
  })

  test('a busy port ends with one line and leaves nothing locked', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const outcome = await run(['dev', '--no-sample'], { PORT: String(port) })
    server.close()
    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^PORT_IN_USE: .*\n$/) })
    expect(await readLock(join(directory, 'data'))).toBeNull()
  })
})

describe('a running mesh', () => {
  test('stops cleanly on SIGTERM', async () => {
    const mesh = start(['dev', '--no-sample'])
    await mesh.printed(/(Ready)/)
    mesh.child.kill('SIGTERM')
    expect(await mesh.finished).toMatchObject({ code: 0, stderr: '' })
  })

  test('keeps others out of its data directory, naming itself', async () => {
    const mesh = start(['dev', '--no-sample'])
    await mesh.printed(/(Ready)/)
    expect(await run(['dev', '--no-sample'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^DATA_DIR_LOCKED: .* process ${mesh.child.pid} .*\n$`)),
    })
  })

  test('takes the records of a load, counted by what became of them', async () => {
    const mesh = start(['dev', '--no-sample'])
    const url = await mesh.printed(/listens on (\S+)/)
    await mesh.printed(/(Ready)/)
    const file = join(directory, 'orders.ndjson')
    await writeFile(file, `${JSON.stringify(ORDER)}\nbroken\n`)
    expect(await run(['load', 'sales/orders', file])).toMatchObject({
      code: 0,
      stdout: '2 records: 1 written, 1 rejected.\n',
      stderr: expect.stringMatching(
        /  1 × RECORD_UNPARSABLE: The message is not JSON: .* First: sales\.orders:\d:\d\n$/,
      ),
    })
    expect(await query(url, '{ order(id: "1-999-1") { total } }')).toEqual({ data: { order: { total: '5.7' } } })
  })
})

test('a load by itself tells how often each fault was found', async () => {
  const file = join(directory, 'products.csv')
  await writeFile(file, 'product_id,SRP\n1,2.5\n2,cheap\n')
  const { code, stdout, stderr } = await run(['load', 'catalog/products', file])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '2 records: 0 written, 2 rejected.\n' })
  const told = stderr.split('\n').filter((line) => line.startsWith('  '))
  expect(told.map((line) => /^ {2}(\d × \w+ \w+)/.exec(line)?.[1])).toEqual([
    '2 × RECORD_FIELD_MISSING name',
    '2 × RECORD_FIELD_MISSING brand',
    '2 × RECORD_FIELD_MISSING classId',
    '2 × RECORD_FIELD_MISSING category',
    '2 × RECORD_FIELD_MISSING department',
    '1 × RECORD_FIELD_TYPE price',
  ])
})

test('a load that fills the disk ends with one line', async ({ skip }) => {
  const data = join(directory, 'data')
  await mkdir(data)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', data], { stdio: 'ignore' })
  } catch {
    skip('mounting a small tmpfs needs root on Linux')
  }
  try {
    const file = join(directory, 'orders.ndjson')
    const orders = Array.from({ length: 40_000 }, (_, index) => JSON.stringify({ ...ORDER, id: `1-999-${index}` }))
    await writeFile(file, orders.join('\n'))
    const { code, stdout, stderr } = await run(['load', 'sales/orders', file])
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('sales/orders '))
    expect({ code, stdout, lines }).toEqual({ code: 1, stdout: '', lines: [expect.stringMatching(/^DISK_FULL: /)] })
  } finally {
    execFileSync('umount', [data])
  }
})

test('subgraphs take records where they are told to, and a gateway elsewhere tells its subscribers', async () => {
  const subgraph = start(['subgraph', 'sales/orders', '--ingest-port', '0'])
  const url = await subgraph.printed(/Subgraph sales-orders: (http\S+)/)
  const topics = await subgraph.printed(/Ingest: (\S+)/)
  const sdl = (await run(['subgraph', 'sales/orders', '--sdl', directory])).stdout.trim()
  const supergraph = join(directory, 'supergraph.graphql')
  await run(['compose', `sales-orders=${url}=${sdl}`, '--out', supergraph])
  const gateway = start(['gateway', '--supergraph', supergraph, '--port', '0'])
  const address = await gateway.printed(/Gateway: (\S+)\//)

  const client = createClient({ url: `${address.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const events = client.iterate({ query: 'subscription { orderPlaced { id total } }' })
  const first = events.next()
  const told = first.then(() => true)
  // An order placed before the subscription has begun is not told: place orders until one is.
  for (let index = 0; !(await Promise.race([told, Promise.resolve(false)])); index += 1) {
    const body = JSON.stringify({ ...ORDER, id: `1-999-${index}` })
    const headers = { 'content-type': 'application/x-ndjson' }
    expect((await fetch(`${topics}/sales.orders`, { method: 'POST', headers, body })).status).toBe(200)
  }
  expect((await first).value).toMatchObject({ data: { orderPlaced: { total: '5.7' } } })
  await client.dispose()
})

test('a process that takes no records is named to a load', async () => {
  const subgraph = start(['subgraph', 'sales/orders'])
  await subgraph.printed(/: (http\S+)/)
  expect(await run(['load', 'sales/orders', 'README.md'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`^DATA_DIR_LOCKED: Process ${subgraph.child.pid} .* takes no records\\. .*\n$`),
    ),
  })
})

test('a load by itself is done once, and its rows are served by subgraphs behind a gateway', async () => {
  const file = join(directory, 'orders.ndjson')
  await writeFile(file, `${JSON.stringify(ORDER)}\n`)
  expect((await run(['load', 'sales/orders', file])).stdout).toBe('1 record: 1 written, 0 rejected.\n')
  expect((await run(['load', 'sales/orders', file])).stdout).toContain('Already loaded')

  const subgraph = start(['subgraph', 'sales/orders'])
  const url = await subgraph.printed(/: (http\S+)/)
  await run(['subgraph', 'sales/orders', '--sdl', directory])
  const [name = ''] = (await readdir(directory)).filter((entry) => entry.endsWith('.graphql'))
  const supergraph = join(directory, 'supergraph.graphql')
  const service = `${name.replace('.graphql', '')}=${url}=${join(directory, name)}`
  expect(await run(['compose', service, '--out', supergraph])).toEqual({ code: 0, stdout: '', stderr: '' })
  const gateway = start(['gateway', '--supergraph', supergraph, '--port', '0'])
  const address = await gateway.printed(/Gateway: (\S+)\//)
  expect(await query(address, '{ order(id: "1-999-1") { total } }')).toEqual({ data: { order: { total: '5.7' } } })
})

async function query(url: string, document: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document }),
  })
  return response.json()
}
