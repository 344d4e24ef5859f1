// Keys of rows as bytes whose order is scan order: a tag, the partition key, the clustering key. Also the byte ranges of pages.
import type { Row, Value } from '../../../schema/row.ts'
import { rangeColumns } from '../../clustering-range.ts'
import type { ClusteringRange } from '../../ports/store.ts'
import { checkedValue, keyValue } from '../../row-check.ts'
import { type ByteSink, createByteSink, takeBytes, writeByte } from '../../byte-sink.ts'
import type { KeyColumn, TableLayout } from './catalog.ts'
import { appendComponent } from '../../key-component.ts'

/** First byte of every key: below 0xff, so that every prefix has a successor. */
const KEY_TAG = 0x01

/** Byte bounds: from inclusive, to exclusive. */
export interface KeyRange {
  readonly from: Buffer
  readonly to: Buffer
}

// Encoding never yields to other code, so one sink serves every call of a thread.
const sink: ByteSink = createByteSink()

/** Appends the key of the row to a sink of the caller's. STORE_ROW_INVALID where a key column has no value of its type. */
export function appendKey(into: ByteSink, layout: TableLayout, row: Row): void {
  writeByte(into, KEY_TAG)
  for (const column of layout.partition) appendColumn(into, layout, column, row)
  for (const column of layout.clustering) appendColumn(into, layout, column, row)
}

export function encodeKey(layout: TableLayout, row: Row): Buffer {
  startKey(layout, row)
  append(layout, layout.clustering, row)
  return takeBytes(sink)
}

export function encodePartition(layout: TableLayout, row: Row): Buffer {
  startKey(layout, row)
  return takeBytes(sink)
}

export function encodeIndexValue(layout: TableLayout, column: string, value: Value): Buffer {
  const canonical = checkedValue(layout, column, value)
  sink.length = 0
  appendComponent(sink, layout.types.get(column) ?? 'text', canonical, false)
  return takeBytes(sink)
}

/** Every key of the table. */
export function tableRange(): KeyRange {
  return { from: Buffer.from([KEY_TAG]), to: Buffer.from([KEY_TAG + 1]) }
}

/** The keys of a partition that lie in the range of the clustering key. */
export function clusteringRange(layout: TableLayout, partition: Row, range: ClusteringRange): KeyRange {
  const equal = range.equal ?? {}
  const { fixed, next } = rangeColumns(layout, range)
  const prefix = (bound: ClusteringRange['lower']): Buffer => {
    startKey(layout, partition)
    append(layout, fixed, equal)
    if (bound !== undefined && next !== undefined) append(layout, [next], { [next.name]: bound.value })
    return takeBytes(sink)
  }
  const [first, last] = next?.descending === true ? [range.upper, range.lower] : [range.lower, range.upper]
  const from = prefix(first)
  const to = prefix(last)
  return {
    from: first === undefined || first.inclusive ? from : successor(from),
    to: last === undefined || last.inclusive ? successor(to) : to,
  }
}

/** The part of the range that follows the key, in the direction. */
export function rangeAfter(range: KeyRange, key: Buffer, reverse: boolean): KeyRange {
  if (reverse) return { from: range.from, to: Buffer.compare(key, range.to) < 0 ? key : range.to }
  const next = Buffer.concat([key, Buffer.from([0])])
  return { from: Buffer.compare(next, range.from) > 0 ? next : range.from, to: range.to }
}

/** The shard of a partition: FNV-1a of its bytes. Never to change: files are laid out by it. */
export function shardOf(partition: Buffer, shards: number): number {
  let hash = 0x811c9dc5
  for (const byte of partition) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % shards
}

/** The least byte string greater than every one that starts with `prefix`. */
function successor(prefix: Buffer): Buffer {
  let end = prefix.length
  while (end > 0 && prefix[end - 1] === 0xff) end -= 1
  const next = Buffer.from(prefix.subarray(0, end))
  next[end - 1] = (next[end - 1] ?? 0) + 1
  return next
}

function startKey(layout: TableLayout, row: Row): void {
  sink.length = 0
  writeByte(sink, KEY_TAG)
  append(layout, layout.partition, row)
}

function append(layout: TableLayout, columns: readonly KeyColumn[], row: Row): void {
  for (const column of columns) appendColumn(sink, layout, column, row)
}

function appendColumn(into: ByteSink, layout: TableLayout, column: KeyColumn, row: Row): void {
  appendComponent(into, column.type, keyValue(layout, column, row), column.descending)
}
