// The keys of a read on their way to the reading thread: encoded here, each with the shard that it is in. One string holds the bytes of all,
// a character each: for the key or two of most reads that is cheaper than bytes that are transferred.
import type { Row } from '../../../schema/row.ts'
import { type ByteSink, createByteSink } from '../../byte-sink.ts'
import type { TableLayout } from './catalog.ts'
import { appendKey, encodePartition, shardOf } from './row-key.ts'

export interface KeyPart {
  readonly keys: string
  /** Of each key in `keys`. */
  readonly lengths: readonly number[]
  /** Of each key; left out where there is one shard. */
  readonly shards?: readonly number[] | undefined
}

// Encoding never yields to other code, so one sink serves every call.
const sink: ByteSink = createByteSink()

/** STORE_ROW_INVALID where a key column has no value of its type. */
export function keyPart(layout: TableLayout, rows: readonly Row[], shards: number): KeyPart {
  sink.length = 0
  const lengths = rows.map((row) => {
    const start = sink.length
    appendKey(sink, layout, row)
    return sink.length - start
  })
  const keys = sink.bytes.toString('latin1', 0, sink.length)
  if (shards === 1) return { keys, lengths }
  return { keys, lengths, shards: rows.map((row) => shardOf(encodePartition(layout, row), shards)) }
}

export function* keysOf({ keys, lengths, shards }: KeyPart): Iterable<readonly [key: Uint8Array, shard: number]> {
  const bytes = Buffer.from(keys, 'latin1')
  let offset = 0
  for (const [at, length] of lengths.entries()) {
    yield [bytes.subarray(offset, offset + length), shards?.[at] ?? 0]
    offset += length
  }
}
