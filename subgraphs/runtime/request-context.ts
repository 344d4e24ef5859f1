// What lives as long as one operation, or one event of a subscription.
import type { Principal } from '../../platform/governance/principal.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { createTableReads, type TableReads } from './table-reads.ts'

export interface RequestContext {
  readonly principal: Principal
  readonly reads: TableReads
  /** In an event: its row, which holds what the change wrote, and how to get the rest as it is now. */
  readonly event: { readonly row: Row; current(): Promise<Row | null> } | null
  /** In a subscribe request: the cursor to go on from. */
  readonly resumeCursor: string | null
}

export const createRequestContext = (store: Store, principal: Principal): RequestContext => ({
  principal,
  reads: createTableReads(store),
  event: null,
  resumeCursor: null,
})
