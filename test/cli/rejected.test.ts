// `meshgate rejected` and `redrive` as a user runs them: through a running process, and by themselves.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcesses } from './meshgate-process.ts'

const product = (version: string, lower: string): string => `
extend schema @product(name: "parcels", domain: "shipping", owner: "shipping@example.com", version: "${version}")
type Parcel @key(fields: "id")
  @source(topic: "shipping.parcels", key: "id", partitions: 1)
  @table(name: "parcels", partitionKey: ["id"]) {
  id: ID!
  grams: Int! @check(id: "grams-range", range: "[${lower},)", onFail: REJECT)
}
type Query { parcel(id: ID!): Parcel @lookup }
`

let directory = ''
const processes = createProcesses(() => ({ MESHGATE_DATA_DIR: join(directory, 'data') }))
const { start, run } = processes
const file = (name: string): string => join(directory, name)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-cli-rejected-'))
  await writeFile(file('product.graphql'), product('1.0.0', '0'))
  const parcels = [
    { id: 'a', grams: -1 },
    { id: 'b', grams: 5 },
    { id: 'c', grams: 'x' },
    { id: 'd', grams: -2 },
  ]
  await writeFile(file('parcels.ndjson'), parcels.map((parcel) => `${JSON.stringify(parcel)}\n`).join(''))
})

afterEach(async () => {
  await processes.killAll()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

test('by themselves: what is wrong is grouped, listed and, after a fix, redriven once, with an audit record', async () => {
  expect(await run(['load', directory, file('parcels.ndjson')])).toMatchObject({ code: 0 })
  const summary = await run(['rejected', directory])
  expect(summary.stdout).toBe(
    'shipping.parcels: 3 rejected records are open.\n' +
      '  2 × RECORD_CHECK_FAILED grams (grams-range): Must be in [0,); it is -1. First: shipping.parcels:0:0\n' +
      '  1 × RECORD_FIELD_TYPE grams: Must be Int; it is "x". First: shipping.parcels:0:2\n',
  )
  expect((await run(['rejected', directory, '--position', 'shipping.parcels:0:3'])).stdout).toBe(
    'shipping.parcels: 1 rejected record of position=shipping.parcels:0:3 is open.\n' +
      '  1 × RECORD_CHECK_FAILED grams (grams-range): Must be in [0,); it is -2. First: shipping.parcels:0:3\n',
  )
  const list = await run(['rejected', directory, '--list', '--check', 'grams-range', '--limit', '1', '--json'])
  expect(JSON.parse(list.stdout)).toMatchObject({
    position: 'shipping.parcels:0:3',
    key: 'd',
    value: '{"id":"d","grams":-2}',
  })

  await writeFile(file('product.graphql'), product('1.0.1', '-1'))
  expect((await run(['redrive', directory, '--all', '--dry-run'])).stdout).toBe('3 records would be redriven.\n')
  const redriven = await run(['redrive', directory, '--check', 'grams-range', '--reason', 'empty crates'])
  expect(redriven).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^2 records redriven: 1 accepted, 1 rejected again\.\nWhy, `meshgate rejected/),
  })
  expect((await run(['rejected', directory, '--list', '--check', 'grams-range'])).stdout).toMatch(
    /^shipping\.parcels:0:3\n {2}key {7}d\n(.*\n)+ {2}before {4}\d{4}-.* RECORD_CHECK_FAILED grams \(grams-range\): /,
  )
  const audit = await run(['rejected', directory, '--audit', '--json'])
  expect(JSON.parse(audit.stdout)).toMatchObject({
    product: 'shipping/parcels',
    productVersion: '1.0.1',
    filter: { check: 'grams-range' },
    reason: 'empty crates',
    finished: { redriven: 2 },
  })
  expect((await run(['rejected', directory, '--check', 'gram-range'])).stdout).toBe(
    'shipping.parcels: No rejected record of check=gram-range is open.\n',
  )
  expect((await run(['rejected', directory, '--check', 'grams-range'])).stdout).toMatch(
    /^shipping\.parcels: 1 rejected record of check=grams-range is open\.\n/,
  )
  expect((await run(['rejected', directory, '--limit', '1'])).stdout).toMatch(/^shipping\.parcels:0:3\n/)
  expect(await run(['rejected', directory, '--audit', '--check', 'grams-range'])).toMatchObject({ code: 2 })
  const wrong = await run(['redrive', directory])
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^CONFIG_INVALID: Say which/) })
})

test('through a running process: the same, and nothing is redriven twice', async () => {
  expect(await run(['load', directory, file('parcels.ndjson')])).toMatchObject({ code: 0 })
  await writeFile(file('product.graphql'), product('1.0.1', '-5'))
  const mesh = start(['ingest', directory])
  const url = (await mesh.printed(/Ingest: (\S+)\/topics/)).trim()
  expect((await run(['redrive', directory, '--all', '--dry-run'])).stdout).toBe('3 records would be redriven.\n')
  const redriven = await run(['redrive', directory, '--check', 'grams-range'])
  expect(redriven).toMatchObject({ code: 0, stdout: '2 records redriven: 2 accepted, 0 rejected again.\n' })
  expect((await run(['redrive', directory, '--check', 'grams-range'])).stdout).toBe(
    'No rejected record of check=grams-range is open.\n',
  )
  const list = await run(['rejected', directory, '--list', '--json'])
  expect(
    list.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ position: 'shipping.parcels:0:2', violations: [{ code: 'RECORD_FIELD_TYPE' }] }])
  expect((await run(['rejected', directory, '--audit'])).stdout).toContain(
    'version 1.0.1, check=grams-range: 2 redriven',
  )
  // What the process refuses is told as it tells it, by each command.
  const other = file('other.graphql')
  await writeFile(other, product('1.0.0', '0').replace('"parcels", domain', '"letters", domain'))
  for (const [command, code, ...options] of [
    ['redrive', 'CONFIG_INVALID', '--all'],
    ['digest', 'INGEST_REQUEST_INVALID'],
    ['replay', 'REPLAY_INVALID'],
  ] as const) {
    const { stderr } = await run([command, other, ...options])
    expect(stderr).toMatch(new RegExp(`^${code}: This process does not ingest "?shipping/letters`))
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('meshgate_ingest_redriven_total{product="shipping/parcels"} 2')
  const unsupported = await fetch(`${url}/ingest/redrives`, { method: 'POST', body: '{"product":"shipping/parcels"}' })
  expect(unsupported.status).toBe(415)
  expect(await (await fetch(`${url}/ingest`)).json()).toMatchObject({
    stuck: [],
    counts: { 'shipping/parcels': { written: 2 } },
  })
})
