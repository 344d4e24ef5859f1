// Three first things that people make of a mesh, each through the real one: a count per country of the records that passed a filter, a
// CSV of people's own making validated and cleansed, and a log file in a topic.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from '../language/language-mesh.ts'
import { seededInteger } from '../seeded-random.ts'

let closing = new AsyncDisposableStack()
afterEach(async () => {
  const parts = closing
  closing = new AsyncDisposableStack()
  await parts.disposeAsync()
})

async function meshOf(...products: string[]): Promise<LanguageMesh> {
  const mesh = await startLanguageMesh(...products)
  closing.defer(() => mesh.close())
  return mesh
}

interface Signup {
  readonly id: string
  readonly country: string
  readonly age: number
  readonly confirmed: boolean
}

function randomSignups(seed: number, people: number, records: number): readonly Signup[] {
  const random = seededInteger(seed)
  const countries = ['PL', 'DE', 'FR', 'GB', ' us ', 'Mx', 'no country']
  return Array.from({ length: records }, () => ({
    id: String(random(people)),
    country: countries[random(countries.length)] ?? '',
    age: random(60) + 10,
    confirmed: random(3) > 0,
  }))
}

/** The last record of every person counts, unless ingest rejects it. */
function countedByCountry(signups: readonly Signup[]): readonly object[] {
  const people = new Map<string, Signup>()
  for (const signup of signups) if (signup.country !== 'no country') people.set(signup.id, signup)
  const ages = new Map<string, number[]>()
  for (const { country, age, confirmed } of people.values()) {
    if (!confirmed || age < 18) continue
    const code = country.trim().toUpperCase()
    ages.set(code, [...(ages.get(code) ?? []), age])
  }
  return [...ages]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([country, of]) => ({
      country,
      signups: of.length,
      averageAge: expect.closeTo(of.reduce((sum, age) => sum + age, 0) / of.length, 9) as number,
    }))
}

async function countries(mesh: LanguageMesh): Promise<readonly { readonly country: string }[]> {
  const document = '{ signupsByCountry(first: 300) { nodes { country signups averageAge } } }'
  const { signupsByCountry } = (await mesh.query(document)) as {
    signupsByCountry: { nodes: { country: string }[] }
  }
  return signupsByCountry.nodes.toSorted((left, right) => (left.country < right.country ? -1 : 1))
}

test(
  'a count per country of the records that passed a filter follows corrections, moves, rejections and deletes',
  { timeout: 60_000 },
  async () => {
    const mesh = await meshOf('signups.graphql', 'signups-by-country.graphql')
    const signups = randomSignups(7, 150, 1_000)
    for (let from = 0; from < signups.length; from += 250) {
      await mesh.post('membership.signups', signups.slice(from, from + 250))
      expect(await countries(mesh)).toEqual(countedByCountry(signups.slice(0, from + 250)))
    }
    const gone = new Set(['1', '2', '3', '4', '5'])
    await mesh.postKeyed('membership.signups', [...gone].map((key) => ({ key, value: null }))) // prettier-ignore
    expect(await countries(mesh)).toEqual(countedByCountry(signups.filter(({ id }) => !gone.has(id))))
  },
)

test('a dirty CSV is cleansed where it can be, and what cannot is told with the reason', async () => {
  const mesh = await meshOf('members.graphql')
  const path = fileURLToPath(new URL('../language/members.csv', import.meta.url))
  expect(await mesh.load('Member', { kind: 'file', path })).toEqual({
    alreadyLoaded: false,
    records: 14,
    written: 5,
    rejected: 9,
  })
  const document = `{ members(first: 50) { nodes {
    number name email country joined left fee income { min max } newsletter level sports age } } }`
  const { members } = (await mesh.query(document)) as { members: { nodes: { number: string }[] } }
  expect(members.nodes.toSorted((left, right) => (left.number < right.number ? -1 : 1))).toEqual([
    {
      number: '001',
      name: 'Anna Nowak-Kowalska',
      email: 'anna@example.com',
      country: 'PL',
      joined: '2019-04-01',
      left: null,
      fee: '1234.5',
      income: { min: 30_000, max: 50_000 },
      newsletter: true,
      level: 'SENIOR',
      sports: ['rowing'],
      age: 35,
    },
    {
      number: '002',
      name: 'Smith, John',
      email: null,
      country: 'GB',
      joined: '2020-02-29',
      left: '2021-03-01',
      fee: '12',
      income: null,
      newsletter: false,
      level: 'JUNIOR',
      sports: [],
      age: 12,
    },
    {
      number: '003',
      name: "Zoë O'neil",
      email: 'zoe@example.org',
      country: 'PL',
      joined: '2021-05-05',
      left: null,
      fee: '0',
      income: { min: 150_000, max: null },
      newsletter: false,
      level: 'HONORARY',
      sports: ['sailing'],
      age: 200,
    },
    {
      number: '012',
      name: 'Jean "Jj" D’arc',
      email: null,
      country: 'FR',
      joined: '2022-01-01',
      left: null,
      fee: '7.5',
      income: { min: 10, max: null },
      newsletter: true,
      level: 'SENIOR',
      sports: ['fencing'],
      age: null,
    },
  ])
  const rejected = (await mesh.rejected('club.members')).map(({ value, code, field, check }) => {
    const name = Array.isArray(value) ? (value as string[])[0] : (value as { Name: string }).Name
    return [name, code, field ?? check]
  })
  expect(new Map(rejected.map(([name, ...why]) => [name, why]))).toEqual(
    new Map([
      ['No Fee', ['RECORD_FIELD_TYPE', 'fee']],
      ['Bad Mail', ['RECORD_FIELD_TYPE', 'email']],
      ['X', ['RECORD_CHECK_FAILED', 'name']],
      ['Wrong Date', ['RECORD_FIELD_TYPE', 'joined']],
      ['Gone Before', ['RECORD_CHECK_FAILED', 'left-after-joined']],
      ['No Number', ['RECORD_KEY_MISSING', 'number']],
      ['Unknown Level', ['RECORD_FIELD_TYPE', 'level']],
      ['010', ['RECORD_UNPARSABLE', undefined]],
      ['Negative Fee', ['RECORD_CHECK_FAILED', 'country']],
    ]),
  )
  expect(rejected).toHaveLength(9)
  // Implausible is not impossible: it is written, and marked.
  const warned = (await mesh.changes('club.members')).filter(({ warnings }) => warnings !== undefined)
  expect(warned.map(({ row, warnings }) => [row['number'], warnings])).toEqual([
    ['003', [{ checkId: 'age-plausible', field: 'age' }]],
  ])
})

const DAY_MS = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Logged {
  readonly line: string
  readonly day: string
  readonly status: number
  readonly bytes: number
}

/** Lines of four days in a zone of its own, some of them equal. */
function randomLog(seed: number, lines: number): readonly Logged[] {
  const random = seededInteger(seed)
  const startMs = Date.UTC(2026, 0, 30)
  return Array.from({ length: lines }, () => {
    const atMs = startMs + random(4 * 24) * (DAY_MS / 24)
    const local = new Date(atMs - 5 * 3_600_000).toISOString()
    const month = MONTHS[Number(local.slice(5, 7)) - 1] ?? ''
    const time = `${local.slice(8, 10)}/${month}/${local.slice(0, 4)}:${local.slice(11, 19)} -0500`
    const status = [200, 200, 200, 304, 404, 500][random(6)] ?? 200
    const bytes = status === 304 ? 0 : random(5) * 1_000
    const size = status === 304 ? '-' : String(bytes)
    const line = `10.0.0.${random(4)} - - [${time}] "GET /page/${random(3)} HTTP/1.1" ${status} ${size}`
    return { line, day: new Date(atMs - (atMs % DAY_MS)).toISOString(), status, bytes }
  })
}

function countedByStatus(logged: readonly Logged[]): ReadonlyMap<number, readonly object[]> {
  const days = new Map<number, Map<string, { day: string; requests: number; bytes: number }>>()
  for (const { day, status, bytes } of logged) {
    const ofStatus = days.get(status) ?? new Map<string, { day: string; requests: number; bytes: number }>()
    days.set(status, ofStatus)
    const count = ofStatus.get(day) ?? { day, requests: 0, bytes: 0 }
    ofStatus.set(day, { day, requests: count.requests + 1, bytes: count.bytes + bytes })
  }
  return new Map(
    [...days].map(([status, ofStatus]) => {
      const newestFirst = [...ofStatus.values()].toSorted((left, right) => (left.day < right.day ? 1 : -1))
      return [status, newestFirst.map((count) => ({ ...count, bytes: String(count.bytes) }))]
    }),
  )
}

test(
  'a log file goes into a topic line by line, and its statuses are counted by day',
  { timeout: 60_000 },
  async () => {
    const mesh = await meshOf('requests.graphql', 'status-counts.graphql')
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-seed-'))
    closing.defer(() => rm(directory, { recursive: true, force: true }))
    const logged = randomLog(3, 1_500)
    const lines = logged.map(({ line }) => line)
    expect(new Set(lines).size).toBeLessThan(lines.length)
    const broken = ['-- log rotated --', 'GET / without the rest']
    lines.splice(700, 0, ...broken)
    const path = join(directory, 'access.log.gz')
    await writeFile(path, gzipSync(lines.join('\n')))
    expect(await mesh.load('Request', { kind: 'file', path })).toMatchObject({
      records: 1_502,
      written: 1_500,
      rejected: 2,
    })
    for (const [status, days] of countedByStatus(logged)) {
      const document = `{ statusCounts(status: ${status}) { nodes { day requests bytes } } }`
      expect(await mesh.query(document)).toEqual({ statusCounts: { nodes: days } })
    }
  },
)
