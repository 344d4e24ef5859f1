// Random pages of random rows, some deleted, over days with gaps, compared with slices of a plain list.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Row } from '../../schema/row.ts'
import { idOf, reading, Telemetry } from './telemetry.ts'
import { seededRandom } from '../seeded-random.ts'

const SEEDS = [1, 2, 3, 4]
const STEPS = 60
const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 1)

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open(START_MS + 40 * DAY_MS)
})

afterEach(async () => {
  await telemetry.close()
})

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean }
}

function readAtOf(row: Row): string {
  const { readAt } = row
  if (typeof readAt !== 'string') throw new TypeError('a reading has a time')
  return readAt
}

/** Rows of one sensor, newest first, ties by id. */
function randomRows(random: () => number): Row[] {
  const rows = Array.from({ length: 40 + Math.floor(random() * 60) }, (_, index) => {
    // Few distinct times, so that there are ties, and gaps of days.
    const readAt = new Date(START_MS + Math.floor(random() ** 2 * 30) * DAY_MS + Math.floor(random() * 3) * 3_600_000)
    return reading(`r${index}`, { readAt: readAt.toISOString() })
  })
  const byId = (a: Row, b: Row): number => (idOf(a) < idOf(b) ? -1 : 1)
  return rows.sort((a, b) => (readAtOf(a) === readAtOf(b) ? byId(a, b) : readAtOf(a) < readAtOf(b) ? 1 : -1))
}

async function page(from: string, args: string): Promise<Page> {
  const query = `{ readingsByDay(sensorId: "1", from: "${from}", ${args}) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage }
  } }`
  const { data, errors } = await telemetry.execute(query)
  if (data === undefined || data === null) throw new Error(JSON.stringify(errors))
  return data['readingsByDay'] as Page
}

test.for(SEEDS)('a page is a slice of the list (seed %i)', async (seed) => {
  const random = seededRandom(seed)
  const rows = randomRows(random)
  await telemetry.put(rows)
  const gone = new Set(rows.filter(() => random() < 0.3).map(idOf))
  // A cursor of every row, deleted later or not.
  const from = new Date(START_MS + Math.floor(random() * 5) * DAY_MS).toISOString()
  const within = rows.filter((row) => readAtOf(row) >= from)
  const cursors = new Map<string, string>()
  for (let after = ''; cursors.size < within.length;) {
    const { edges } = await page(from, `first: 50${after}`)
    for (const { cursor, node } of edges) cursors.set(node.id, cursor)
    after = `, after: "${edges.at(-1)?.cursor}"`
  }
  await telemetry.put(
    rows.filter((row) => gone.has(idOf(row))),
    true,
  )
  const visible = within.filter((row) => !gone.has(idOf(row)))

  for (let step = 0; step < STEPS; step++) {
    const forward = random() < 0.5
    const size = Math.floor(random() * 12)
    const at = random() < 0.2 ? null : Math.floor(random() * within.length)
    const start = at === null ? undefined : within[at]
    const cursor = start === undefined ? '' : `, ${forward ? 'after' : 'before'}: "${cursors.get(idOf(start))}"`
    const found = await page(from, `${forward ? 'first' : 'last'}: ${size}${cursor}`)

    const isAhead = (row: Row): boolean =>
      at === null || (forward ? within.indexOf(row) > at : within.indexOf(row) < at)
    const ahead = visible.filter(isAhead)
    const expected = forward ? ahead.slice(0, size) : ahead.slice(Math.max(0, ahead.length - size))
    const more = ahead.length > size
    const behind = at !== null && visible.some((row) => !isAhead(row))
    expect(
      { ids: found.edges.map(({ node }) => node.id), ...found.pageInfo },
      `step ${step}: ${forward ? 'first' : 'last'} ${size} at ${at}`,
    ).toEqual({
      ids: expected.map(idOf),
      hasNextPage: forward ? more : behind,
      hasPreviousPage: forward ? behind : more,
    })
  }
})
