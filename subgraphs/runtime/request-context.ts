// What lives as long as one operation, or one event of a subscription.
import type { Principal } from '../../platform/governance/principal.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Row } from '../../schema/row.ts'
import { createTableReads, type TableReads } from './table-reads.ts'

/** Where a subscription begins: after the cursor, else with a snapshot or with what happens from now on. */
export interface Beginning {
  readonly cursor: string | null
  readonly snapshot: boolean
}

export interface RequestContext {
  readonly principal: Principal
  readonly reads: TableReads
  /** In an event: its row, which holds what the change wrote, and how to get the rest as it is now. */
  readonly event: { readonly row: Row; current(): Promise<Row | null> } | null
  /** In a subscribe request: where it begins. */
  readonly beginning: Beginning
}

const FROM_NOW_ON: Beginning = { cursor: null, snapshot: false }

export const createRequestContext = (store: Store, principal: Principal): RequestContext => ({
  principal,
  reads: createTableReads(store),
  event: null,
  beginning: FROM_NOW_ON,
})
