// Whether ingest must read an entity's base row before it writes (Entity.readsBase). It costs a read per record, so only where needed.
import type { Source, SubscriptionOperation } from '../model.ts'

interface Written {
  readonly source: Source
  readonly key: readonly string[]
  readonly tableCount: number
  /** Subscriptions to this entity. */
  readonly subscriptions: readonly SubscriptionOperation[]
}

/** CREATED and UPDATED asked for apart: both or neither need no telling. */
function tellsCreated(subscription: SubscriptionOperation): boolean {
  return subscription.on.includes('CREATED') !== subscription.on.includes('UPDATED')
}

export function readsBase(entity: Written): boolean {
  const { source, key, tableCount, subscriptions } = entity
  // Keys of the further tables may have changed, or a partial record does not have them.
  if (tableCount > 1 && (!source.immutableKeys || source.partial)) return true
  return subscriptions.some((subscription) => {
    if (tellsCreated(subscription)) return true
    // A delete has only the key, and a partial record may lack the filtered field: the row before says whom to tell.
    const filtersRow = subscription.filters.some((filter) => !key.includes(filter.field))
    return filtersRow && (source.partial || subscription.on.includes('DELETED'))
  })
}
