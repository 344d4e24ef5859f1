// The tables that folds keep beside the tables of products (docs/decisions/derived-products.md). Capitals: no product's table may be called so.
import type { ColumnDefinition, TableDefinition } from '../../schema/tables.ts'

const OWNER = 'mesh/folds'

function column(name: string, cqlName: string, type: ColumnDefinition['type'] = 'text'): ColumnDefinition {
  return { name, cqlName, type }
}

/** Of every input row: what it contributes to and uses, or may. */
export const FOLD_INPUTS: TableDefinition = {
  name: 'mesh_FoldInputs',
  owner: OWNER,
  columns: [column('fold', 'fold_id'), column('member', 'member'), column('content', 'content', 'json')],
  partitionKey: ['fold', 'member'],
  clusteringKey: [],
  ttlMs: null,
  indexes: [],
}

/** Of every joined row: the input rows that use it. */
export const FOLD_DEPENDENTS: TableDefinition = {
  name: 'mesh_FoldDependents',
  owner: OWNER,
  columns: [column('fold', 'fold_id'), column('joined', 'joined'), column('member', 'member')],
  partitionKey: ['fold', 'joined'],
  clusteringKey: [{ column: 'member', order: 'ASC' }],
  ttlMs: null,
  indexes: [],
}

/** A partition per group: its state under STATE_MEMBER, and what every row contributes. */
export const FOLD_GROUPS: TableDefinition = {
  name: 'mesh_FoldGroups',
  owner: OWNER,
  columns: [
    column('fold', 'fold_id'),
    column('group', 'group_text'),
    column('member', 'member'),
    column('content', 'content', 'json'),
  ],
  partitionKey: ['fold', 'group'],
  clusteringKey: [{ column: 'member', order: 'ASC' }],
  ttlMs: null,
  indexes: [],
}

/** Before all members, which begin with a digit. */
export const STATE_MEMBER = '!'

export const foldTables: readonly TableDefinition[] = [FOLD_INPUTS, FOLD_DEPENDENTS, FOLD_GROUPS]
