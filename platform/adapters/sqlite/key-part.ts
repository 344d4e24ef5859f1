// The keys of a read on their way to the reading thread: encoded here, each with the shard that it is in.
import type { Row } from '../../../schema/row.ts'
import { invariant } from '../../errors.ts'
import type { TableLayout } from './catalog.ts'
import { appendKey, encodePartition, shardOf } from './row-key.ts'
import type { BinaryPart } from './thread-messages.ts'

/** Per key: its length, its shard. */
const META_FIELDS = 2
const KEY_BYTES_GUESS = 64

/** STORE_ROW_INVALID where a key column has no value of its type. */
export function keyPart(layout: TableLayout, keys: readonly Row[], shards: number): BinaryPart {
  // Not of the shared pool: its memory goes to another thread.
  const sink = { bytes: Buffer.allocUnsafeSlow(Math.max(1, keys.length) * KEY_BYTES_GUESS), length: 0 }
  const meta = new Float64Array(keys.length * META_FIELDS)
  for (const [at, key] of keys.entries()) {
    const start = sink.length
    appendKey(sink, layout, key)
    meta[at * META_FIELDS] = sink.length - start
    meta[at * META_FIELDS + 1] = shards === 1 ? 0 : shardOf(encodePartition(layout, key), shards)
  }
  return { count: keys.length, meta, bytes: sink.bytes }
}

export function* keysOf(part: BinaryPart | null): Iterable<readonly [key: Uint8Array, shard: number]> {
  invariant(part !== null, 'a read is sent with its keys')
  const { count, meta, bytes } = part
  let offset = 0
  for (let at = 0; at < count; at += 1) {
    const length = meta[at * META_FIELDS] ?? 0
    yield [bytes.subarray(offset, offset + length), meta[at * META_FIELDS + 1] ?? 0]
    offset += length
  }
}
