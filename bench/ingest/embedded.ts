// The embedded pipeline at full speed: a backlog of orders drained from a filled topic to rows, changes and committed positions, every step
// durable. Each variant runs in processes of its own, so that filling leaves nothing in the memory that is measured.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe } from '../measure.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'

/** A minute at the rate that is aimed at. */
const ONE_TABLE_RECORDS = 3_600_000
const TWO_TABLES_RECORDS = 1_200_000
const SHORT_RECORDS = 600_000

interface Drained {
  readonly product: 'orders-one-table' | 'orders-two-tables'
  readonly ids: 'sequential' | 'random'
  readonly records: number
}

const ABOUT =
  'A topic filled with orders of about 250 bytes and two lines (four partitions) is drained: decoded, checked by ten rules, written, a change appended, positions committed, all durable.'

export const oneTable: BenchPart = {
  name: 'embedded, one table',
  about: `${ABOUT} One table; a minute's worth of records with ids that count up.`,
  aims: [
    { figure: 'recordsPerSecond', atLeast: 60_000 },
    { figure: 'rssMegabytesMax', atMost: 400 },
  ],
  servers: false,
  round: (options) => drained({ product: 'orders-one-table', ids: 'sequential', records: ONE_TABLE_RECORDS }, options),
}

export const oneTableRandom: BenchPart = {
  name: 'embedded, one table, random ids',
  about: `${ABOUT} One table, ids scattered over the key space.`,
  aims: [{ figure: 'rssMegabytesMax', atMost: 400 }],
  servers: false,
  round: (options) => drained({ product: 'orders-one-table', ids: 'random', records: SHORT_RECORDS }, options),
}

export const twoTables: BenchPart = {
  name: 'embedded, two tables',
  about: `${ABOUT} Two tables whose keys may change: the base row is read first.`,
  aims: [
    { figure: 'recordsPerSecond', atLeast: 40_000 },
    { figure: 'rssMegabytesMax', atMost: 400 },
  ],
  servers: false,
  round: (options) =>
    drained({ product: 'orders-two-tables', ids: 'sequential', records: TWO_TABLES_RECORDS }, options),
}

export const twoTablesRandom: BenchPart = {
  name: 'embedded, two tables, random ids',
  about: `${ABOUT} Two tables whose keys may change, ids scattered over the key space.`,
  aims: [{ figure: 'rssMegabytesMax', atMost: 400 }],
  servers: false,
  round: (options) => drained({ product: 'orders-two-tables', ids: 'random', records: SHORT_RECORDS }, options),
}

async function drained(
  { product, ids, records }: Drained,
  { scale, print }: RoundOptions,
): Promise<Readonly<Record<string, number>>> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-drain-'))
  try {
    const options = [
      '--directory',
      directory,
      '--product',
      product,
      '--ids',
      ids,
      '--records',
      String(Math.ceil(records * scale)),
    ]
    await inProcess(['--step', 'fill', ...options])
    // What `drain` printed.
    const figures = JSON.parse(await inProcess(['--step', 'drain', ...options])) as Readonly<Record<string, number>>
    print(`${product}, ${ids} ids: ${describe(figures)}`)
    return figures
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function inProcess(options: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL('drain-process.ts', import.meta.url))
  // As `meshgate dev` and `meshgate ingest` are started.
  const flags = [...process.execArgv, '--max-semi-space-size=16']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file, ...options])
  return stdout
}

if (import.meta.main) await runParts([oneTable, oneTableRandom, twoTables, twoTablesRandom], process.argv.slice(2))
