// Scans of a whole table: partitions by token, then clustering order; both ways, in pages that go on after any key.
import type { Row } from '../../../schema/row.ts'
import type { RowPage, ScanRequest } from '../../ports/store.ts'
import { checkLimit, checkStorable } from '../../row-check.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { planSlices } from './clustering-slices.ts'
import { type CqlTable, keyParams } from './cql-table.ts'
import { pageOf } from './gather-rows.ts'
import { partitionRows } from './page-rows.ts'
import type { TokenWindow } from './token-window.ts'
import { walkTokens } from './token-walk.ts'
import type { FoundRow, InPartition, WalkSource } from './walk-source.ts'
import { windowPartitions, windowRows } from './window-query.ts'

export async function scanRows(client: CassandraClient, table: CqlTable, request: ScanRequest): Promise<RowPage> {
  checkLimit(request.limit)
  if (request.after !== undefined) {
    keyParams(table, table.key, request.after)
    checkStorable(table, request.after)
  }
  const rows = await walkTokens(client, scanSource(client, table), {
    after: request.after,
    reverse: request.order === 'REVERSE',
    wanted: request.limit + 1,
  })
  return pageOf(rows, request.limit)
}

function scanSource(client: CassandraClient, table: CqlTable): WalkSource {
  const everything = { text: '', params: [], tail: '' }
  return {
    table,
    name: '',
    window: (window: TokenWindow, wanted: number): Promise<readonly FoundRow[]> =>
      windowRows(client, table, { window, condition: everything, wanted }),
    partitions: (window: TokenWindow): AsyncIterable<FoundRow> =>
      windowPartitions(client, table, { window, condition: everything }),
    inPartition: (partition: Row, { after, reverse, wanted }: InPartition): Promise<readonly Row[]> =>
      partitionRows(client, table, { partition, slices: planSlices(table, { after, reverse }), reverse, wanted }),
  }
}
