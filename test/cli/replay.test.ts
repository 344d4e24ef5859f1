// `meshgate replay` and `digest` as a user runs them: by themselves, through a running process, and across its death.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProductDigest } from '../../ingest/digest/digest-product.ts'
import { eventually } from '../conformance/event-log-harness.ts'
import { createProcesses } from './meshgate-process.ts'

const product = (version: string, least: number): string => `
extend schema @product(name: "parcels", domain: "shipping", owner: "shipping@example.com", version: "${version}")
type Parcel @key(fields: "id")
  @source(topic: "shipping.parcels", key: "id", partitions: 2)
  @table(name: "parcels", partitionKey: ["id"])
  @table(name: "parcels_by_hub", partitionKey: ["hub"], clusteringKey: ["id"]) {
  id: ID!
  hub: Int!
  grams: Int! @check(id: "grams-range", range: "[${least},)", onFail: REJECT)
}
type Query { parcel(id: ID!): Parcel @lookup }
`

const PARCELS = 600
/** Each runs a dozen processes. Against hanging only. */
vi.setConfig({ testTimeout: 240_000 })
let directory = ''
const processes = createProcesses(() => ({ MESHGATE_DATA_DIR: join(directory, 'data') }))
const { start, run } = processes

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-cli-replay-'))
  await writeFile(join(directory, 'product.graphql'), product('1.0.0', 0))
  const parcels = Array.from({ length: PARCELS }, (_, index) => ({ id: `p-${index}`, hub: index % 5, grams: index }))
  const text = parcels.map((parcel) => `${JSON.stringify(parcel)}\n`).join('')
  await writeFile(join(directory, 'parcels.ndjson'), text)
  expect(await run(['load', directory, join(directory, 'parcels.ndjson')])).toMatchObject({ code: 0 })
})

afterEach(async () => {
  await processes.killAll()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

async function digest(): Promise<ProductDigest> {
  const { code, stdout } = await run(['digest', directory, '--json'])
  expect(code).toBe(0)
  return JSON.parse(stdout) as ProductDigest
}

test('by themselves: says what it would do, does it, and leaves the rows as they are', async () => {
  const before = await digest()
  expect(before.tables.map(({ table, rows, agrees }) => [table, rows, agrees])).toEqual([
    ['parcels', PARCELS, null],
    ['parcels_by_hub', PARCELS, true],
  ])
  expect(before.tables[0]?.digest).toBe(before.tables[1]?.digest)
  const dry = await run(['replay', directory, '--dry-run'])
  expect(dry).toMatchObject({ code: 0 })
  expect(dry.stdout).toMatch(
    /^Would read again 600 records of shipping\/parcels:\n {2}shipping\.parcels:0 {2}0 to \d+\n {2}shipping\.parcels:1 {2}0 to \d+\n$/,
  )
  const replayed = await run(['replay', directory])
  expect(replayed).toMatchObject({ code: 0 })
  expect(replayed.stdout).toMatch(/^Reads again 600 records(.*\n)+Done: 600 records read again\.\n$/)
  expect(await digest()).toEqual(before)
  const table = await run(['digest', directory])
  expect(table.stdout).toBe(
    before.tables.map(({ table: name, digest: sum }) => `${name.padEnd(14)}  ${sum}          600 rows\n`).join(''),
  )
  for (const [from, code] of [
    ['yesterday', 'REPLAY_INVALID'],
    ['shipping.parcels:0:999999', 'REPLAY_INVALID'],
  ] as const) {
    const refused = await run(['replay', directory, '--from', from])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(code)
  }
})

test('through a running process: goes on after its death, and one at a time', async () => {
  const before = await digest()
  const first = start(['ingest', directory])
  await first.printed(/Ingest: (\S+)\/topics/)
  expect(await run(['replay', directory, '--no-wait'])).toMatchObject({ code: 0 })
  first.child.kill('SIGKILL')
  await first.finished
  const second = start(['ingest', directory])
  const url = await second.printed(/Ingest: (\S+)\/topics/)
  const state = async (): Promise<unknown> => {
    const { replays } = (await (await fetch(`${url}/ingest`)).json()) as { replays: { state: string; left: number }[] }
    return replays.map((replay) => [replay.state, replay.left])
  }
  await eventually(async () => expect(await state()).toEqual([['done', 0]]))
  expect(await digest()).toEqual(before)
  const again = await run(['replay', directory, '--from', 'shipping.parcels:0:10'])
  expect(again).toMatchObject({ code: 0 })
  expect(again.stdout).toMatch(/ {2}shipping\.parcels:0 {2}10 to \d+\n(.*\n)+Done: /)
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'meshgate_replay_records_left{product="shipping/parcels"} 0',
  )
  const form = await fetch(`${url}/ingest/replays`, { method: 'POST', body: '{"product":"shipping/parcels"}' })
  expect(form.status).toBe(415)
  const cancelled = await run(['replay', directory, '--cancel'])
  expect(cancelled).toMatchObject({ code: 1 })
  expect(cancelled.stderr).toContain('No replay of shipping/parcels runs.')
})

test('takes what a former version of the product rejected', async () => {
  const before = await digest()
  await writeFile(join(directory, 'lighter.ndjson'), '{"id":"light","hub":1,"grams":-5}\n')
  expect((await run(['load', directory, join(directory, 'lighter.ndjson')])).stdout).toContain('0 written, 1 rejected')
  await writeFile(join(directory, 'product.graphql'), product('1.0.1', -10))
  expect(await digest()).toEqual(before)
  expect(await run(['replay', directory])).toMatchObject({ code: 0 })
  const after = await digest()
  expect([after.agrees, ...after.tables.map(({ rows }) => rows)]).toEqual([true, PARCELS + 1, PARCELS + 1])
})

test('by themselves: what was stopped goes on when the same is asked again', async () => {
  const before = await digest()
  const stopped = start(['replay', directory])
  await stopped.printed(/Reads again/)
  stopped.child.kill('SIGKILL')
  await stopped.finished
  const again = await run(['replay', directory])
  expect(again).toMatchObject({ code: 0, stderr: expect.not.stringContaining('{') })
  expect(again.stdout).toMatch(/^Goes on with the replay from earliest .*\nDone: 600 records read again\.\n$/)

  const build = start(['replay', directory, '--beside'])
  await build.printed(/is being filled/)
  build.child.kill('SIGKILL')
  await build.finished
  const resumed = start(['replay', directory, '--beside'])
  await resumed.printed(/^(Goes on with generation 2), which was asked for before/)
  resumed.child.kill('SIGKILL')
  await resumed.finished
  expect(await digest()).toEqual(before)
})

test('what does not belong together is refused, and nothing is done', async () => {
  for (const options of [
    ['--beside', '--dry-run'],
    ['--beside', '--from', 'shipping.parcels:0:10'],
    ['--cancel', '--dry-run'],
    ['--drop-old', '--dry-run'],
    ['--abandon', '--beside'],
    ['--seed', 'scan'],
  ]) {
    const refused = await run(['replay', directory, ...options])
    expect({ options, ...refused }).toMatchObject({ options, code: 2, stdout: '' })
  }
})
