// What the watch over a supergraph does with what it reads: every new one once, broken ones told once, the old kept.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fileSignature, fileSource } from '../../cli/supergraph/file-source.ts'
import { supergraphId, type SupergraphSource } from '../../cli/supergraph/supergraph-source.ts'
import { watchSupergraph, type StaleSupergraph, type SupergraphWatch } from '../../cli/supergraph/watch-supergraph.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { ManualClock } from '../manual-clock.ts'

const POLL_MS = 1_000
const POLL_MS_MAX = 4_000

interface Watched {
  readonly watch: SupergraphWatch
  readonly clock: ManualClock
  /** What is read next: a text, nothing new, or why it cannot be read. */
  next: string | null | Error
  readonly outcomes: string[]
  /** How often what is in service was at the source. */
  readonly seen: () => number
  readonly told: number[]
  readonly reads: boolean[]
  /** Lets the pause pass, and the look that follows. */
  readonly look: (afterMs?: number) => Promise<void>
}

let watched: Watched | null = null
afterEach(() => watched?.watch.close())

function start(stale: StaleSupergraph | null = null): Watched {
  const clock = new ManualClock()
  let seen = 0
  const [outcomes, told, reads]: [string[], number[], boolean[]] = [[], [], []]
  const source: SupergraphSource = {
    name: 'registry',
    pollMs: POLL_MS,
    pollMsMax: POLL_MS_MAX,
    read: async (anyway) => {
      reads.push(anyway)
      if (state.next instanceof Error) throw state.next
      return state.next
    },
  }
  const logger = createLogger({
    level: 'info',
    readable: false,
    write: (line) => void told.push((JSON.parse(line) as { level: number }).level),
  })
  const watch = watchSupergraph({
    source,
    supergraphSdl: 'one',
    replace: async (text) => {
      if (text.startsWith('broken')) throw new Error(`${text} is none`)
    },
    clock,
    logger,
    stale,
    onSeen: async () => void (seen += 1),
    onOutcome: (outcome) => outcomes.push(outcome),
  })
  const look = async (afterMs = POLL_MS): Promise<void> => {
    const before = reads.length
    clock.advance(afterMs)
    await expect.poll(() => reads.length > before && clock.sleeping() === 1, { interval: 1 }).toBe(true)
  }
  const state: Watched = { watch, clock, next: null, seen: () => seen, outcomes, told, reads, look }
  watched = state
  return state
}

test('a new one is in service; the same one again is not replaced', async () => {
  const state = start()
  state.next = 'two'
  await state.look()
  await state.look()
  expect(state.watch.state()).toEqual({ id: supergraphId('two'), problem: null, seenAtMs: state.clock.now() })
  expect(state.outcomes).toEqual(['replaced'])
})

test('a broken one is tried and told of once for its content, and again when it is asked for', async () => {
  const state = start()
  state.next = 'broken'
  await state.look()
  await state.look()
  expect(state.watch.state()).toMatchObject({
    id: supergraphId('one'),
    problem: expect.stringContaining('broken is none'),
  })
  expect([state.outcomes, state.told]).toEqual([['refused'], [50]])
  state.watch.reload()
  await state.look(0)
  expect([state.outcomes, state.reads.at(-1)]).toEqual([['refused', 'refused'], true])
  state.next = 'broken otherwise'
  await state.look()
  expect(state.outcomes).toHaveLength(3)
  state.next = null
  await state.look()
  expect(state.watch.state().problem).toContain('broken otherwise')
  state.next = 'one'
  await state.look()
  expect(state.watch.state()).toMatchObject({ id: supergraphId('one'), problem: null })
})

test('a copy is told to be one, and of when, until the source can be read; what is refused is not what is kept', async () => {
  const state = start({ why: 'no answer', seenAtMs: 0 })
  const problem = /last seen there at 1970-01-01T00:00:00.000Z: no answer$/
  expect(state.watch.state()).toMatchObject({ problem: expect.stringMatching(problem), seenAtMs: 0 })
  state.next = new Error('no answer')
  await state.look()
  expect([state.watch.state().seenAtMs, state.told, state.seen()]).toEqual([0, [], 0])
  state.next = 'broken'
  await state.look(POLL_MS * 2)
  expect(state.seen()).toBe(0)
  state.next = 'one'
  await state.look()
  expect(state.watch.state()).toMatchObject({ problem: null, seenAtMs: state.clock.now() })
  expect(state.seen()).toBe(1)
})

test('what cannot be read is told of once, asked for less and less, and is forgotten when it can', async () => {
  const state = start()
  state.next = new Error('no answer')
  await state.look()
  await state.look(POLL_MS * 2)
  await state.look(POLL_MS_MAX)
  await state.look(POLL_MS_MAX)
  expect([state.outcomes, state.told]).toEqual([['unreadable'], [40]])
  expect(state.watch.state().problem).toContain('no answer')
  state.next = null
  await state.look(POLL_MS_MAX)
  expect(state.watch.state().problem).toBe(null)
  await state.look(POLL_MS)
})

test('a file is read when it is another than before, and when it is asked for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-source-'))
  const { signal } = new AbortController()
  try {
    const file = join(directory, 'supergraph.graphql')
    await writeFile(file, 'one')
    const source = fileSource(file, await fileSignature(file))
    expect([await source.read(false, signal), await source.read(true, signal)]).toEqual([null, 'one'])
    await writeFile(`${file}.next`, 'two')
    await rename(`${file}.next`, file)
    expect([await source.read(false, signal), await source.read(false, signal)]).toEqual(['two', null])
    await rm(file)
    await expect(source.read(false, signal)).rejects.toMatchObject({ code: 'ENOENT' })
  } finally {
    await rm(directory, { recursive: true })
  }
})
