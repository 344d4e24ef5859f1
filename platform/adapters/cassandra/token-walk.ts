// Walks through the partitions of a table by token, both ways, from a row on that need not exist any more. Partitions of one token
// follow each other by the bytes of their keys. Cassandra reads tokens upwards only: backwards the walk reads windows and turns them.
import type { Row } from '../../../schema/row.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { gatherRows } from './gather-rows.ts'
import { neighbourRows } from './neighbour-rows.ts'
import { partitionKeyBytes } from './partition-key.ts'
import { TOKEN_MAX, TOKEN_MIN } from './token-window.ts'
import { walkDown } from './walk-down.ts'
import { walkUp } from './walk-up.ts'
import type { WalkSource } from './walk-source.ts'

export interface WalkRequest {
  readonly after?: Row | undefined
  readonly reverse: boolean
  readonly wanted: number
}

export async function walkTokens(
  client: CassandraClient,
  source: WalkSource,
  request: WalkRequest,
): Promise<readonly Row[]> {
  const { after, reverse } = request
  if (after === undefined) {
    return reverse ? walkDown(source, TOKEN_MAX, request.wanted) : walkUp(source, TOKEN_MIN, request.wanted)
  }
  const key = partitionKeyBytes(source.table, after)
  const token = client.tokenOf(key)
  const parts = [
    (wanted: number) => source.inPartition(after, { after, reverse, wanted }),
    (wanted: number) => neighbourRows(source, { token, key, reverse, wanted }),
    (wanted: number) => (reverse ? walkDown(source, token - 1n, wanted) : walkUp(source, token, wanted)),
  ]
  return gatherRows(parts, request.wanted)
}
