// Partitions that share a token: mostly one has it alone, but nothing forbids more, and keys can be made so. They follow each other by
// the bytes of their keys, which CQL can neither bound nor turn.
import type { Row } from '../../../schema/row.ts'
import { partitionKeyBytes } from './partition-key.ts'
import type { WalkSource } from './walk-source.ts'

export interface NeighbourRequest {
  readonly token: bigint
  /** The partition after which to start; null: at the first in this direction. */
  readonly key: Buffer | null
  readonly reverse: boolean
  readonly wanted: number
}

/** The rows of the partitions of a token that come after one. */
export async function neighbourRows(source: WalkSource, request: NeighbourRequest): Promise<readonly Row[]> {
  const rows: Row[] = []
  let { key } = request
  while (rows.length < request.wanted) {
    const wanted = request.wanted - rows.length
    const found = await nextPartitions(source, { ...request, key, wanted })
    for (const partition of found) {
      if (rows.length >= request.wanted) break
      const rest = request.wanted - rows.length
      rows.push(...(await source.inPartition(partition, { reverse: request.reverse, wanted: rest })))
    }
    const last = found.at(-1)
    if (last === undefined || found.length < wanted) break
    // Each had a row when it was found; one may have lost it since.
    key = partitionKeyBytes(source.table, last)
  }
  return rows
}

/** As many as there are rows wanted: each partition has one at least. */
async function nextPartitions(
  source: WalkSource,
  { token, key, reverse, wanted }: NeighbourRequest,
): Promise<readonly Row[]> {
  const found: Row[] = []
  for await (const { row } of source.partitions({ above: token - 1n, upTo: token })) {
    const place = key === null ? null : Buffer.compare(partitionKeyBytes(source.table, row), key)
    if (reverse) {
      if (place !== null && place >= 0) break
      found.push(row)
      if (found.length > wanted) found.shift()
    } else if (place === null || place > 0) {
      found.push(row)
      if (found.length >= wanted) break
    }
  }
  return reverse ? found.toReversed() : found
}
