// Which changes a subscription tells: by what happened and by its arguments.
import type { SubscriptionOperation } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import type { Row, Value } from '../../schema/row.ts'
import { cellOf } from './served-product.ts'

export type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED'

/** `row`: the entity as the change left it. `unsure`: whether it matches the filters is known only from the store. */
export type Selection = 'skip' | 'row' | 'unsure' | 'deleted'

export interface Filter {
  readonly field: string
  readonly value: Value
}

/** Arguments that are left out, or null, filter nothing. */
export const filtersOf = (operation: SubscriptionOperation, args: Readonly<Record<string, Value>>): readonly Filter[] =>
  operation.filters.flatMap(({ field, argument }) => {
    const value = cellOf(args, argument)
    return value === null ? [] : [{ field, value }]
  })

export const matchesAll = (filters: readonly Filter[], row: Row): boolean =>
  filters.every(({ field, value }) => cellOf(row, field) === value)

/** A change with `before` holds the whole row; else what is not in it is known from the store alone. */
function upsertMatch(filters: readonly Filter[], change: Change): 'yes' | 'no' | 'unsure' {
  const isWhole = change.before !== undefined
  let match: 'yes' | 'unsure' = 'yes'
  for (const { field, value } of filters) {
    if (!isWhole && !Object.hasOwn(change.row, field)) match = 'unsure'
    else if (cellOf(change.row, field) !== value) return 'no'
  }
  return match
}

/** What a redrive makes appear is created like anything else; a replay finds it there already. Null: ingest did not read, so nobody knows. */
function upsertKind({ created }: Change): 'CREATED' | 'UPDATED' | null {
  if (created === undefined) return null
  return created ? 'CREATED' : 'UPDATED'
}

/**
 * Whether a deleted entity may have been told to this subscriber. Without a row before, it may: where ingest crashed between the write and
 * the change, the second attempt finds the row deleted already.
 */
const mayHaveMatched = (filters: readonly Filter[], { before }: Change): boolean =>
  before === undefined || before === null || matchesAll(filters, before)

/** Whether the entity has moved out of the filter. Told only where ingest reads the row before: nobody gets keys on suspicion. */
const hasLeft = (filters: readonly Filter[], { before }: Change): boolean =>
  before !== undefined && before !== null && matchesAll(filters, before)

export function selectChange(on: readonly ChangeKind[], filters: readonly Filter[], change: Change): Selection {
  if (change.op === 'DELETE') return on.includes('DELETED') && mayHaveMatched(filters, change) ? 'deleted' : 'skip'
  const match = upsertMatch(filters, change)
  if (match === 'no') return on.includes('DELETED') && hasLeft(filters, change) ? 'deleted' : 'skip'
  const kind = upsertKind(change)
  const isWanted = kind === null ? on.includes('CREATED') || on.includes('UPDATED') : on.includes(kind)
  if (!isWanted) return 'skip'
  return match === 'yes' ? 'row' : 'unsure'
}

/**
 * What to tell of a selected change that ingest made without a look at the row, where versions say what is newer: `now` is the row that is
 * there. A late upsert of what is deleted by now, a late delete of what is there, and cells that newer ones hide are told as they are.
 */
export function currentSelection(
  on: readonly ChangeKind[],
  filters: readonly Filter[],
  change: Change,
  now: Row | null,
): 'skip' | 'row' | 'deleted' {
  if (now === null) return on.includes('DELETED') ? 'deleted' : 'row'
  if (change.op === 'DELETE' && !on.includes('CREATED') && !on.includes('UPDATED')) return 'skip'
  return matchesAll(filters, now) ? 'row' : 'skip'
}
