// Relay pages of the runtime, on the embedded store: partitions, buckets, indexes and scans, both ways, with sealed cursors.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { idOf, plain, reading, Telemetry } from './telemetry.ts'

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open(Date.UTC(2026, 5, 1))
})

afterEach(async () => {
  await telemetry.close()
})

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly nodes: readonly { readonly id: string }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

const PAGE =
  '{ edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }'

/** The fields that page, by the text of their arguments. */
const fields = {
  partition: (args: string) =>
    `_entities(representations: [{ __typename: "Sensor", id: "1" }]) { ... on Sensor { page: readings(${args}) ${PAGE} } }`,
  buckets: (args: string) => `page: readingsByDay(sensorId: "1", from: "2026-01-01T00:00:00Z", ${args}) ${PAGE}`,
  index: (args: string) => `page: readingsByStatus(status: FAULTY, ${args}) ${PAGE}`,
  scan: (args: string) => `page: readings(${args}) ${PAGE}`,
}
type ListName = keyof typeof fields
const lists: readonly ListName[] = ['partition', 'buckets', 'index', 'scan']

async function page(list: ListName, args: string): Promise<Page> {
  const { data, errors } = (await telemetry.execute(`{ ${fields[list](args)} }`)) as {
    data?: { page?: Page; _entities?: readonly { page: Page }[] }
    errors?: unknown
  }
  const found = data?.page ?? data?._entities?.[0]?.page
  if (found === undefined) throw new Error(JSON.stringify(errors))
  return found
}

async function problem(list: ListName, args: string): Promise<unknown> {
  const { errors } = await telemetry.execute(`{ ${fields[list](args)} }`)
  return errors?.map(({ message, extensions }) => [extensions?.['code'], message])
}

const ids = (of: Page): readonly string[] => of.nodes.map(({ id }) => id)

async function walk(list: ListName, size: number, direction: 'first' | 'last'): Promise<readonly string[]> {
  const found: string[][] = []
  let cursor: string | null = null
  for (let more = true; more;) {
    const from: string = cursor === null ? '' : `, ${direction === 'first' ? 'after' : 'before'}: "${cursor}"`
    const next: Page = await page(list, `${direction}: ${size}${from}`)
    const forward = direction === 'first'
    expect(next.edges.map(({ node }) => node)).toEqual(next.nodes)
    expect(forward ? next.pageInfo.hasPreviousPage : next.pageInfo.hasNextPage).toBe(cursor !== null)
    more = forward ? next.pageInfo.hasNextPage : next.pageInfo.hasPreviousPage
    expect(next.nodes.length).toBe(more ? size : Math.min(size, next.nodes.length))
    cursor = forward ? next.pageInfo.endCursor : next.pageInfo.startCursor
    found.push([...ids(next)])
  }
  return (direction === 'first' ? found : found.toReversed()).flat()
}

/** Readings 1 to 17, six hours apart, all of sensor 1 and faulty, among others that are neither. */
async function seventeen(): Promise<readonly string[]> {
  const at = (number: number): string => new Date(Date.UTC(2026, 0, 1) + number * 6 * 3_600_000).toISOString()
  const own = Array.from({ length: 17 }, (_, index) =>
    reading(String(index + 1).padStart(2, '0'), { readAt: at(index), status: 'FAULTY' }),
  )
  await telemetry.put(own)
  return own.map(idOf)
}

describe('pages', () => {
  test.for(lists)('of a %s walk all rows in order, both ways, with pages of any size', async (list) => {
    const all = await seventeen()
    const inOrder = list === 'partition' ? all : list === 'buckets' ? all.toReversed() : await walk(list, 50, 'first')
    expect([...inOrder].sort()).toEqual(all)
    for (const size of [1, 2, 5, 16, 17, 18]) {
      expect(await walk(list, size, 'first'), `first ${size}`).toEqual(inOrder)
      expect(await walk(list, size, 'last'), `last ${size}`).toEqual(inOrder)
    }
  })

  test.for(lists)('of a %s go on from a row that is gone', async (list) => {
    await seventeen()
    const inOrder = await walk(list, 50, 'first')
    const first = await page(list, 'first: 4')
    await telemetry.put(
      first.nodes.map(({ id }) => reading(id, { readAt: timeOf(id), status: 'FAULTY' })),
      true,
    )
    const next = await page(list, `first: 4, after: "${first.pageInfo.endCursor}"`)
    expect(ids(next)).toEqual(inOrder.slice(4, 8))
    expect(next.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
  })

  test('hold as many as the field says when nothing is asked for', async () => {
    await seventeen()
    expect(ids(await page('partition', 'after: null'))).toEqual(['01', '02', '03'])
    expect((await page('scan', 'after: null')).nodes.length).toBe(10)
  })

  test('of no rows at all say so', async () => {
    const empty = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null }
    for (const list of lists) {
      expect(plain(await page(list, 'first: 2'))).toEqual({ edges: [], nodes: [], pageInfo: empty })
      expect(plain(await page(list, 'last: 2'))).toEqual({ edges: [], nodes: [], pageInfo: empty })
    }
    await seventeen()
    const none = await page('partition', 'first: 0')
    expect(plain(none)).toEqual({ edges: [], nodes: [], pageInfo: { ...empty, hasNextPage: true } })
  })

  test('refuse what cannot be a page', async () => {
    await seventeen()
    const { pageInfo } = await page('partition', 'first: 2')
    const refused = (message: string): unknown => [['ARGUMENT_INVALID', message]]
    expect(await problem('partition', 'first: -1')).toEqual(refused('"first" is -1; it must be from 0 to 50'))
    expect(await problem('partition', 'last: -3')).toEqual(refused('"last" is -3; it must be from 0 to 50'))
    expect(await problem('partition', 'first: 51')).toEqual(
      refused('"first" is 51; at most 50 at a time, use cursors for more'),
    )
    expect(await problem('partition', 'first: 1, last: 1')).toEqual(
      refused('"first" and "last" exclude each other: send one of them'),
    )
    expect(await problem('partition', `before: "${pageInfo.endCursor}"`)).toEqual(refused('"before" needs "last"'))
    expect(await problem('partition', `last: 1, after: "${pageInfo.endCursor}"`)).toEqual(
      refused('"after" goes with "first"; with "last" use "before"'),
    )
  })
})

const timeOf = (id: string): string => new Date(Date.UTC(2026, 0, 1) + (Number(id) - 1) * 6 * 3_600_000).toISOString()

describe('cursors', () => {
  test('are good for the list that they come from and no other, and only as they were', async () => {
    await seventeen()
    const { endCursor } = (await page('partition', 'first: 2')).pageInfo
    if (endCursor === null) throw new Error('no cursor')
    const other =
      'The cursor was altered, or comes from another field or other arguments. Use it where it was given out.'
    const altered = `${endCursor.slice(0, -3)}${endCursor.at(-3) === 'A' ? 'B' : 'A'}${endCursor.slice(-2)}`
    expect(await problem('partition', `first: 2, after: "${altered}"`)).toEqual([['CURSOR_INVALID', other]])
    expect(await problem('scan', `first: 2, after: "${endCursor}"`)).toEqual([['CURSOR_INVALID', other]])
    expect(await problem('partition', 'first: 2, after: "x"')).toEqual([
      [
        'CURSOR_INVALID',
        'The cursor is not one that was given out here. Ask without it: a list starts at its beginning, a stream with what is new.',
      ],
    ])
    const { errors } = await telemetry.execute(
      `{ _entities(representations: [{ __typename: "Sensor", id: "2" }]) { ... on Sensor { readings(after: "${endCursor}") { nodes { id } } } } }`,
    )
    expect(errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['CURSOR_INVALID'])
  })

  test('are refused by an instance with another key, and taken by one with the same', async () => {
    await seventeen()
    const { endCursor } = (await page('scan', 'first: 2')).pageInfo
    const query = `{ readings(first: 1, after: "${endCursor}") { nodes { id } } }`
    const [same, other] = [telemetry.another(), telemetry.another({ cursorKey: new Uint8Array(32).fill(8) })]
    const principal = { subject: 'a', roles: [], scopes: [], purposes: [], claims: {} }
    expect((await same.endpoint.execute({ query, principal })).errors).toBeUndefined()
    expect((await other.endpoint.execute({ query, principal })).errors?.map(({ message }) => message)).toEqual([
      'The cursor was sealed with another key. Ask without it: a list starts at its beginning, a stream with what is new.',
    ])
    await Promise.all([same.close(), other.close()])
  })

  test('tell nothing of the key that they hold', async () => {
    await telemetry.put([reading('12345'), reading('12346')])
    const { edges } = await page('partition', 'first: 2')
    expect(edges.length).toBe(2)
    for (const { cursor } of edges) {
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toMatch(/2026|1234/)
    }
  })
})

describe('deleted rows', () => {
  test('are left out, and the page is filled again', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => reading(String(index + 100)))
    await telemetry.put(rows)
    await telemetry.put(
      rows.filter((_, index) => index % 100 !== 0),
      true,
    )
    const found = await page('partition', 'first: 2')
    expect(ids(found)).toEqual(['100', '200'])
    expect(found.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const last = await page('partition', `first: 2, after: "${found.pageInfo.endCursor}"`)
    expect(ids(last)).toEqual(['300'])
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  })

  test('beyond the bound on reads end the page early, with a cursor that goes on', async () => {
    const count = limits.pageRefillRowsMin * (limits.pageReadsMax + 3)
    const rows = Array.from({ length: count }, (_, index) => reading(String(index + 10_000)))
    await telemetry.put(rows)
    await telemetry.put(rows.slice(0, -1), true)
    const cut = await page('partition', 'first: 1')
    expect(ids(cut)).toEqual([])
    expect(cut.pageInfo).toMatchObject({ hasNextPage: true, startCursor: null })
    expect(telemetry.counts.calls.page).toBe(limits.pageReadsMax)
    const next = await page('partition', `first: 1, after: "${cut.pageInfo.endCursor}"`)
    expect(ids(next)).toEqual([String(count + 9_999)])
    expect(next.pageInfo).toMatchObject({ hasNextPage: false })
  })
})

describe('time buckets', () => {
  const query = async (args: string): Promise<unknown> => {
    const { data, errors } = await telemetry.execute(
      `{ readingsByDay(sensorId: "1"${args}) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
    )
    return errors === undefined ? plain(data) : errors
  }
  const at = (id: string, readAt: string) => reading(id, { readAt })

  test('are walked in clustering order within the bounds', async () => {
    await telemetry.put([
      at('1', '2026-03-01T23:00:00.000Z'),
      at('2', '2026-03-02T01:00:00.000Z'),
      at('3', '2026-03-02T02:00:00.000Z'),
      at('4', '2026-03-09T00:00:00.000Z'),
    ])
    const bounds = ', from: "2026-03-01T23:30:00Z", to: "2026-03-09T00:00:00Z"'
    expect(await query(bounds)).toMatchObject({ readingsByDay: { nodes: [{ id: '3' }, { id: '2' }] } })
    expect(await query(`${bounds}, last: 1`)).toMatchObject({ readingsByDay: { nodes: [{ id: '2' }] } })
    expect(await query('')).toMatchObject({
      readingsByDay: { nodes: [{ id: '4' }, { id: '3' }, { id: '2' }, { id: '1' }] },
    })
  })

  test('that are empty are looked at up to the bound, and the cursor goes on behind them', async () => {
    await telemetry.put([at('old', '2024-01-01T12:00:00.000Z'), at('new', '2026-05-31T12:00:00.000Z')])
    const first = (await query('')) as {
      readingsByDay: { nodes: unknown; pageInfo: { hasNextPage: boolean; endCursor: string } }
    }
    expect(first.readingsByDay).toMatchObject({ nodes: [{ id: 'new' }], pageInfo: { hasNextPage: true } })
    expect(telemetry.counts.calls.page).toBeLessThan(2 * limits.emptyBucketsMax + 3 * limits.bucketReadsAtOnceMax)
    const found: unknown[] = []
    for (let { endCursor, hasNextPage } = first.readingsByDay.pageInfo; hasNextPage;) {
      const next = (await query(`, after: "${endCursor}"`)) as typeof first
      found.push(next.readingsByDay.nodes)
      ;({ endCursor, hasNextPage } = next.readingsByDay.pageInfo)
    }
    expect(found.flat()).toEqual([{ id: 'old' }])
  })
})
