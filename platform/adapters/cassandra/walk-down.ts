// Downwards through the tokens: windows from the top, each read whole and turned. A window with more rows than are sensible to read is
// walked partition by partition from its end, or narrowed where it has too many of those as well.
import type { Row } from '../../../schema/row.ts'
import { limits } from '../../limits.ts'
import { neighbourRows } from './neighbour-rows.ts'
import {
  isTooWide,
  narrower,
  TOKEN_MIN,
  type TokenWindow,
  wider,
  windowGuess,
  type WindowGuess,
} from './token-window.ts'
import type { FoundRow, WalkSource } from './walk-source.ts'

export async function walkDown(source: WalkSource, from: bigint, wanted: number): Promise<readonly Row[]> {
  const guess = windowGuess(source.table, source.name)
  const rows: Row[] = []
  let upTo = from
  let width = guess.tokensFor(wanted)
  let narrowed: bigint | null = null
  let retries = 0
  while (upTo > TOKEN_MIN && rows.length < wanted) {
    const above = upTo - width > TOKEN_MIN ? upTo - width : TOKEN_MIN
    try {
      const read = await readWindow(source, { above, upTo }, { guess, wanted: wanted - rows.length })
      rows.push(...read.rows)
      upTo = read.above
      width = read.rows.length === 0 ? wider(width) : guess.tokensFor(wanted - rows.length + 1)
      if (narrowed !== null && width > narrowed) width = narrowed
      retries = 0
    } catch (error) {
      if (!isTooWide(error) || width <= 1n || retries >= limits.storeWindowRetriesMax) throw error
      retries += 1
      width = narrower(upTo - above)
      narrowed = width
    }
  }
  return rows.slice(0, wanted)
}

interface WindowRead {
  /** The last rows of the window, the last first. */
  readonly rows: readonly Row[]
  /** Where the part of the window begins that was read. */
  readonly above: bigint
}

async function readWindow(
  source: WalkSource,
  { above: from, upTo }: TokenWindow,
  { guess, wanted }: { readonly guess: WindowGuess; readonly wanted: number },
): Promise<WindowRead> {
  const rowsMax = wanted * limits.storeWindowRowsFactor
  let above = from
  for (;;) {
    const window = { above, upTo }
    const found = await source.window(window, rowsMax + 1)
    if (found.length <= rowsMax) {
      guess.saw(window, found.length)
      return { rows: found.toReversed().map(({ row }) => row), above }
    }
    const isPerPartition = source.table.clustering.length === 0
    const partitions = isPerPartition ? found : await firstPartitions(source, window, rowsMax + 1)
    const last = partitions.at(-1)
    if (last === undefined) continue
    if (partitions.length <= rowsMax) {
      guess.saw(window, rowsMax)
      return { rows: await lastRows(source, partitions, wanted), above }
    }
    if (upTo - above === 1n) {
      // Someone made so many keys of one token.
      return { rows: await neighbourRows(source, { token: upTo, key: null, reverse: true, wanted }), above }
    }
    // So many partitions lie up to the last one found: go on above it, nearer to the end where they lie dense.
    guess.saw({ above, upTo: last.token }, partitions.length)
    const near = upTo - guess.tokensFor(wanted)
    const next = near > last.token ? near : last.token
    above = next < upTo ? next : upTo - 1n
  }
}

async function firstPartitions(source: WalkSource, window: TokenWindow, wanted: number): Promise<readonly FoundRow[]> {
  const found: FoundRow[] = []
  for await (const partition of source.partitions(window)) {
    found.push(partition)
    if (found.length >= wanted) break
  }
  return found
}

/** The last rows of partitions, from the last one on: one partition at first, since they may be large, then more and more at once. */
async function lastRows(source: WalkSource, partitions: readonly FoundRow[], wanted: number): Promise<readonly Row[]> {
  const rows: Row[] = []
  let atOnce = 1
  for (let end = partitions.length; end > 0 && rows.length < wanted;) {
    const wave = partitions.slice(Math.max(0, end - atOnce), end).toReversed()
    const rest = wanted - rows.length
    const found = await Promise.all(wave.map(({ row }) => source.inPartition(row, { reverse: true, wanted: rest })))
    rows.push(...found.flat())
    end -= wave.length
    atOnce = Math.min(atOnce * 2, limits.storePartitionsAtOnceMax)
  }
  return rows.slice(0, wanted)
}
