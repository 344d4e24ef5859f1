// A partition key as Cassandra has it: its bytes decide the token, and the order of partitions that share one.
import type { Row } from '../../../schema/row.ts'
import { cqlBytes } from '../../cell-order.ts'
import { keyValue } from '../../row-check.ts'
import type { CqlTable } from './cql-table.ts'

/** The only value as it is; several with their length before and a zero behind each. */
export function partitionKeyBytes(table: CqlTable, row: Row): Buffer {
  const values = table.partition.map((column) => cqlBytes(column.type, keyValue(table, column, row)))
  const [only] = values
  if (values.length === 1 && only !== undefined) return only
  return Buffer.concat(values.flatMap((value) => [lengthBytes(value.length), value, END]))
}

const END = Buffer.from([0])

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(length)
  return bytes
}
