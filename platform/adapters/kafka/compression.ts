// The codecs of record batches: all that Kafka has can be read, since other teams' producers choose their own.
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { limits } from '../../limits.ts'

/** As in a batch's attributes. */
export const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

/** Snappy as Java writes it: blocks behind this, two version numbers, and a length each. Other clients write one bare block. */
const SNAPPY_BLOCKS = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const SNAPPY_BLOCKS_START = 16

export function decompress(codec: number, bytes: Buffer): Buffer {
  const maxOutputLength = limits.kafkaBatchDecompressedBytesMax
  switch (codec) {
    case CODECS.none:
      return bytes
    case CODECS.gzip:
      return gunzipSync(bytes, { maxOutputLength })
    case CODECS.snappy:
      return decompressSnappy(bytes)
    case CODECS.lz4:
      return asBuffer(lz4.decompress(bytes))
    case CODECS.zstd:
      return zstdDecompressSync(bytes, { maxOutputLength })
    default:
      throw new RangeError(`record batch of an unknown codec, ${String(codec)}`)
  }
}

function decompressSnappy(bytes: Buffer): Buffer {
  const lengthMax = limits.kafkaBatchDecompressedBytesMax
  if (!bytes.subarray(0, SNAPPY_BLOCKS.length).equals(SNAPPY_BLOCKS))
    return asBuffer(snappy.uncompress(bytes, lengthMax))
  const blocks: Buffer[] = []
  for (let at = SNAPPY_BLOCKS_START; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at)
    blocks.push(asBuffer(snappy.uncompress(bytes.subarray(at + 4, end), lengthMax)))
    at = end
  }
  return Buffer.concat(blocks)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
