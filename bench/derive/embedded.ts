// The derive stages at full speed, embedded: rows that are folded into groups, from a snapshot and while they come, and a tenth of them
// corrected. Every step durable. Each round runs in processes of its own. Where the disk is not what is asked about: TMPDIR=/dev/shm.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BenchPart, RoundOptions } from '../ingest/part.ts'
import { describe } from '../measure.ts'

const RECORDS = 200_000

interface Derived {
  readonly product: 'totals' | 'extremes' | 'elements' | 'joined'
  readonly groups: number
  readonly live?: boolean
  readonly alone?: boolean
}

const ABOUT =
  'Sales of about 300 bytes in four partitions are folded by shop; then a tenth of them are corrected: another shop, another amount (with their own ingest).'

const part = (name: string, about: string, derived: Derived): BenchPart => ({
  name,
  about: `${ABOUT} ${about}`,
  aims: [],
  servers: false,
  round: (options) => derivedIn(derived, options),
})

const SNAPSHOT = 'From a snapshot: the rows are there when the derived product starts.'

export const deriveParts: readonly BenchPart[] = [
  part('ingest alone', 'To compare with: the sales are only ingested.', {
    product: 'totals',
    groups: 1_000,
    live: true,
    alone: true,
  }),
  part('1 group', SNAPSHOT, { product: 'totals', groups: 1 }),
  part('1,000 groups', SNAPSHOT, { product: 'totals', groups: 1_000 }),
  part('100,000 groups', SNAPSHOT, { product: 'totals', groups: 100_000 }),
  part('1,000 groups, live', 'The sales are ingested while they are folded.', {
    product: 'totals',
    groups: 1_000,
    live: true,
  }),
  part('1,000 groups, least and last', SNAPSHOT, { product: 'extremes', groups: 1_000 }),
  part('1,000 groups, three elements a row', SNAPSHOT, { product: 'elements', groups: 1_000 }),
  part('50 groups by a joined row', SNAPSHOT, { product: 'joined', groups: 1_000 }),
]

async function derivedIn(derived: Derived, { scale, print }: RoundOptions): Promise<Readonly<Record<string, number>>> {
  const { product, groups, live = false, alone = false } = derived
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-derive-'))
  try {
    const records = String(Math.ceil(RECORDS * scale))
    const given = ['--directory', directory, '--product', product, '--groups', String(groups), '--records', records]
    const flags = [...(live ? ['--live'] : []), ...(alone ? ['--alone'] : [])]
    await inProcess(['--step', 'fill', ...given, ...flags])
    // What `derive` printed.
    const figures = JSON.parse(await inProcess(['--step', 'derive', ...given, ...flags])) as Readonly<
      Record<string, number>
    >
    print(`${product}, ${groups} groups: ${describe(figures)}`)
    return figures
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function inProcess(options: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL('derive-process.ts', import.meta.url))
  // As `meshgate dev` and `meshgate ingest` are started.
  const flags = [...process.execArgv, '--max-semi-space-size=16']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file, ...options])
  return stdout
}
