// Loads: each record once, whatever happens on the way.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loadFile, type LoadOptions, type LoadProgress } from '../../ingest/load/load-file.ts'
import { startIngest } from '../../ingest/main.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { allRecords, byId, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'
const product = testProduct()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function startPorts(): Promise<
  TestPorts & { options: Pick<LoadOptions, 'product' | 'log' | 'clock' | 'ingest'> }
> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  return { ...ports, options: { product, log: ports.log, clock: ports.clock, ingest } }
}

const thing = (index: number): { id: string; shelf: string; rank: number } => ({
  id: `t${index}`,
  shelf: `s${index % 7}`,
  rank: index % 5,
})

function records(count: number): LoadOptions['source'] {
  return {
    kind: 'records',
    contentHash: `things-${count}`,
    async *records() {
      for (let index = 0; index < count; index += 1) yield { value: thing(index) }
    },
  }
}

/** The log, of which the appends to the topic fail from one on: some of the records of that append arrive. */
function failing(
  log: EventLog,
  options: { readonly at: number; readonly times: number; readonly retryable: boolean },
): EventLog {
  let appends = 0
  return new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'append') return member.bind(target) as unknown
      const append: EventLog['append'] = async (topic, sent) => {
        const fails = topic === TOPIC && ++appends >= options.at && appends < options.at + options.times
        if (!fails) return target.append(topic, sent)
        await target.append(
          topic,
          sent.filter((_, index) => index % 3 !== 0),
        )
        throw options.retryable ? new MeshgateError('LOG_UNAVAILABLE', 'Gone for a while.') : new Error('crash')
      }
      return append
    },
  })
}

test('loads every record once, and the same content not again', async () => {
  const { options, store } = await startPorts()
  const progress: LoadProgress[] = []
  const load = {
    ...options,
    name: 'things',
    source: records(2_500),
    onProgress: (at: LoadProgress) => progress.push(at),
  }
  expect(await loadFile(load)).toEqual({ alreadyLoaded: false, records: 2_500, written: 2_500, rejected: 0 })
  expect(progress.at(-1)).toEqual({ records: 2_500, bytes: null, recordsPerSecond: expect.any(Number) as number })
  expect(await loadFile(load)).toEqual({ alreadyLoaded: true, records: 2_500, written: 2_500, rejected: 0 })
  expect(await visibleRows(store, 'things_by_shelf')).toHaveLength(2_500)
  expect(await allRecords(options.log, TOPIC)).toHaveLength(2_500)
})

test('goes on after a crash at any append without a loss or a repetition', async () => {
  const { options } = await startPorts()
  const count = limits.loadMarkRecords + 3_500
  for (const at of [1, 4, 2, 1]) {
    const log = failing(options.log, { at, times: 1, retryable: false })
    await expect(loadFile({ ...options, log, name: 'things', source: records(count) })).rejects.toThrow('crash')
  }
  const loaded = await loadFile({ ...options, name: 'things', source: records(count) })
  expect(loaded).toEqual({ alreadyLoaded: false, records: count, written: count, rejected: 0 })
  const ids = (await allRecords(options.log, TOPIC)).map(({ key }) => Buffer.from(key ?? []).toString())
  expect(ids).toHaveLength(count)
  expect(new Set(ids).size).toBe(count)
})

test('repeats an append that failed for a passing reason, and only what of it is missing', async () => {
  const { options } = await startPorts()
  const log = failing(options.log, { at: 2, times: 2, retryable: true })
  const loaded = await loadFile({ ...options, log, name: 'things', source: records(3_000) })
  expect(loaded).toEqual({ alreadyLoaded: false, records: 3_000, written: 3_000, rejected: 0 })
  expect(await allRecords(options.log, TOPIC)).toHaveLength(3_000)
})

test('loads files of either form, and counts what was rejected of them', async () => {
  const { options, directory, store } = await startPorts()
  const csv = join(directory, 'things.csv')
  await writeFile(csv, 'id,shelf,rank,note\n1,s,5,"a, b"\n2,s\n3,s,x,\n')
  const ndjson = join(directory, 'things.ndjson')
  await writeFile(ndjson, '{"id":"4","shelf":"s","rank":1,"price":12345678901234567890.10}\nno json\n')
  const load = (path: string): ReturnType<typeof loadFile> => loadFile({ ...options, source: { kind: 'file', path } })
  const results = [await load(csv), await load(ndjson)]
  expect(results).toEqual([
    { alreadyLoaded: false, records: 3, written: 1, rejected: 2 },
    { alreadyLoaded: false, records: 2, written: 1, rejected: 1 },
  ])
  expect(byId(await visibleRows(store, 'things'))).toEqual([
    { id: '1', shelf: 's', rank: 5, note: 'a, b' },
    { id: '4', shelf: 's', rank: 1, price: '12345678901234567890.1' },
  ])
})

test('waits for the ingest of another process by its committed positions', async () => {
  const { options } = await startPorts()
  const { ingest: _ingest, ...without } = options
  const loaded = await loadFile({ ...without, name: 'things', source: records(50) })
  expect(loaded).toEqual({ alreadyLoaded: false, records: 50, written: 50, rejected: 0 })
})
