// Of the tables that a keyspace lists, what its nodes can use. A node that is killed in the middle of a change of the schema knows when it is
// back what it had flushed before, and lists what its commit log had besides: a table, a column or an index that it refuses to use, however
// often it is asked. Made again it is there: by `IF NOT EXISTS` a node goes by what it knows, not by what it lists.
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import { limits } from '../../limits.ts'
import { type ExistingTable, eventually, indexesByNode, isUsable, type SchemaContext } from './keyspace-schema.ts'

/** No partition has this token: nothing is read. */
const TOKEN_OF_NONE = '-9223372036854775808'

/**
 * The table without what its nodes do not know, and undefined where that is the table itself. What another process is making at this moment
 * is waited for.
 */
export async function usableTable(
  context: SchemaContext,
  name: string,
  listed: ExistingTable | undefined,
): Promise<ExistingTable | undefined> {
  if (listed === undefined) return undefined
  const hasAll = () => isUsable(context, emptyQuery(context, name, listed))
  const all = await eventually(context, hasAll, limits.storeListedWaitMs)
  if (!all && !(await isUsable(context, emptyQuery(context, name, keyOf(listed))))) return undefined
  // A service in place of Cassandra may have no list of indexes.
  const nodes = listed.indexed.size === 0 ? [] : await indexesByNode(context, name)
  const indexed = [...listed.indexed].filter((column) => nodes.every((indexes) => indexes.has(column)))
  return { ...(all ? listed : keyOf(listed)), indexed: new Set(indexed) }
}

/** Adding a column that is there after all changes nothing. */
function keyOf(table: ExistingTable): ExistingTable {
  const isKey = (kind: string): boolean => kind === 'partition_key' || kind === 'clustering'
  return { ...table, columns: new Map([...table.columns].filter(([, { kind }]) => isKey(kind))) }
}

function emptyQuery({ keyspace }: SchemaContext, name: string, { columns }: ExistingTable): string {
  const all = [...columns.keys()].map((column) => cqlIdentifier(column))
  const partition = [...columns]
    .filter(([, { kind }]) => kind === 'partition_key')
    .toSorted(([, left], [, right]) => left.position - right.position)
    .map(([column]) => cqlIdentifier(column))
  const from = `${cqlIdentifier(keyspace)}.${cqlIdentifier(name)}`
  return `SELECT ${all.join(', ')} FROM ${from} WHERE token(${partition.join(', ')}) = ${TOKEN_OF_NONE}`
}
