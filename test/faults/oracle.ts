// What must be there, by nothing but the records as they lie in the source topic: the visible rows of every table, which records are
// rejected and why, and of which record a change is due. Per cell the newest write wins; a delete hides what is not newer than it.
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { cellText, type Row, type Value } from '../../schema/row.ts'
import type { ColumnKind, FaultProduct } from './fault-products.ts'
import { judgeRecord, type Cell } from './judge-record.ts'

/** A partition's records from its beginning. */
export interface PartitionRecords {
  readonly partition: number
  readonly records: readonly LogRecord[]
}

export interface Expected {
  /** Rows by table, without null cells, in the order of their keys' JSON. */
  readonly tables: ReadonlyMap<string, readonly Row[]>
  /** Position of every accepted record, and the entity's key. */
  readonly accepted: ReadonlyMap<string, string>
  /** Position of every rejected record, and the code of what is wrong. */
  readonly rejected: ReadonlyMap<string, string>
}

interface History {
  readonly puts: { readonly time: number; readonly cells: Readonly<Record<string, Cell>> }[]
  deletedAt: number
}

/** `resolutionUs`: the log's. Where its times end at the millisecond, they are made exact as docs/decisions/append-times.md says. */
export function expectedOf(
  product: FaultProduct,
  partitions: readonly PartitionRecords[],
  resolutionUs: 1 | 1000,
): Expected {
  const histories = new Map<string, History>()
  const accepted = new Map<string, string>()
  const rejected = new Map<string, string>()
  for (const { partition, records } of partitions) {
    let lead = Number.NEGATIVE_INFINITY
    for (const record of records) {
      lead = Math.max(lead, record.timestampUs - record.offset)
      const timeUs = resolutionUs === 1 || product.version !== null ? record.timestampUs : record.offset + lead
      const position = `${product.topic}:${partition}:${record.offset}`
      const judged = judgeRecord(product, record, timeUs)
      if (judged.kind === 'rejected') {
        rejected.set(position, judged.code)
        continue
      }
      accepted.set(position, judged.id)
      const history = histories.get(judged.id) ?? { puts: [], deletedAt: -1 }
      histories.set(judged.id, history)
      if (judged.kind === 'upsert') history.puts.push(judged)
      else history.deletedAt = Math.max(history.deletedAt, judged.time)
    }
  }
  return { tables: rowsOf(product, histories), accepted, rejected }
}

function rowsOf(product: FaultProduct, histories: ReadonlyMap<string, History>): Map<string, readonly Row[]> {
  const visible: Row[] = []
  for (const [id, history] of histories) {
    const row = visibleRow(product, history)
    if (row !== null) visible.push({ id, ...row })
  }
  return new Map(
    product.tables.map(({ name, key }) => [
      name,
      inOrder(visible.filter((row) => key.every((column) => Object.hasOwn(row, column)))),
    ]),
  )
}

function visibleRow(product: FaultProduct, { puts, deletedAt }: History): Row | null {
  const shown = puts.filter(({ time }) => time > deletedAt)
  if (shown.length === 0) return null
  const row: Record<string, Value> = {}
  for (const [column, kind] of Object.entries(product.columns)) {
    const winner = winnerOf(
      kind,
      shown.flatMap(({ time, cells }) => (Object.hasOwn(cells, column) ? [{ time, cell: cells[column] as Cell }] : [])),
    )
    if (winner !== null) row[column] = winner as Value
  }
  return row
}

function winnerOf(kind: ColumnKind, written: readonly { readonly time: number; readonly cell: Cell }[]): Cell {
  const newest = Math.max(...written.map(({ time }) => time))
  const tied = written.filter(({ time }) => time === newest).map(({ cell }) => cell)
  if (tied.length === 0 || tied.includes(null)) return null
  return tied.toSorted((left, right) => Buffer.compare(bytesOf(kind, left), bytesOf(kind, right))).at(-1) ?? null
}

// Cassandra compares two values of one write time by their bytes. None of ours is negative.
function bytesOf(kind: ColumnKind, cell: Cell): Buffer {
  if (kind === 'json') return Buffer.from(JSON.stringify(cell))
  if (kind === 'text') return Buffer.from(String(cell))
  if (kind === 'timestamp') return wide(Date.parse(String(cell)))
  if (kind !== 'decimal') return wide(Number(cell))
  const [whole = '', fraction = ''] = String(cell).split('.')
  const unscaled = Number(whole + fraction)
  // A leading byte more where the sign's bit would be set.
  const size = unscaled < 128 ? 1 : unscaled < 32_768 ? 2 : 3
  return Buffer.concat([Buffer.from([0, 0, 0, fraction.length]), wide(unscaled).subarray(8 - size)])
}

function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

export function idOf(row: Row): string {
  return cellText(row['id'])
}

/** By the id, which every row has; those of one id by all that they have. */
export function inOrder(rows: readonly Row[]): Row[] {
  const textOf = (row: Row): string =>
    JSON.stringify([idOf(row), Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1))])
  return rows.toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1))
}
