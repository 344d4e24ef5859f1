// Decodes the record batches of a fetch. Not kafkajs's decoder: that drops batches without records (compaction leaves them), after which
// a reader asks for the same offset for ever, and it takes an object of 64-bit parts for every number.
// Grammar (KIP-98): baseOffset int64, length int32, leaderEpoch int32, magic int8 = 2, crc uint32, attributes int16, lastOffsetDelta int32,
// baseTimestamp int64, maxTimestamp int64, producerId int64, producerEpoch int16, baseSequence int32, records int32, then the records:
// length, attributes int8, timestampDelta, offsetDelta, key, value, headers (all lengths and deltas zigzag varints).
import type { LogRecord } from '../../ports/event-log.ts'
import { decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface DecodedRecords {
  readonly records: readonly LogRecord[]
  /** Behind all batches that were whole, also those without records of ours; null where there was none. */
  readonly nextOffset: number | null
}

const LENGTH_END = 12
/** Of what lies behind it. */
const CRC_END = 21
const HEADER_BYTES = 61
const MAGIC = 2
const CODEC_MASK = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** Type of the control record that ends a transaction without effect. */
const ABORT_MARKER = 0

/** Records at `from` and later. A batch that is cut off at the end is left for the next fetch. */
export function decodeRecords(bytes: Buffer, from: number, aborted: readonly AbortedTransaction[]): DecodedRecords {
  const records: LogRecord[] = []
  const transactions = new AbortedTransactions(aborted)
  let nextOffset: number | null = null
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break
    const magic = bytes.readInt8(at + 16)
    if (magic !== MAGIC) throw new RangeError(`record batch of format ${String(magic)}, older than Kafka 0.11`)
    const batch = bytes.subarray(at, end)
    requireWhole(batch)
    decodeBatch(batch, { from, records, transactions })
    nextOffset = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1
    at = end
  }
  return { records, nextOffset }
}

/** What a disk or a network has altered must not become rows: brokers check what is appended, not what they read back. */
function requireWhole(batch: Buffer): void {
  if (crc32c(batch.subarray(CRC_END)) === batch.readUInt32BE(CRC_END - 4)) return
  throw new RangeError(`the checksum of the record batch at offset ${String(batch.readBigInt64BE(0))} is wrong`)
}

interface Sink {
  readonly from: number
  readonly records: LogRecord[]
  readonly transactions: AbortedTransactions
}

function decodeBatch(batch: Buffer, { from, records, transactions }: Sink): void {
  const baseOffset = Number(batch.readBigInt64BE(0))
  const attributes = batch.readInt16BE(21)
  const count = batch.readInt32BE(57)
  const producerId = batch.readBigInt64BE(43)
  if (count === 0 && (attributes & CONTROL) === 0) return
  const body = decompress(attributes & CODEC_MASK, batch.subarray(HEADER_BYTES))
  if ((attributes & CONTROL) !== 0) {
    transactions.ended(producerId, body)
    return
  }
  if ((attributes & TRANSACTIONAL) !== 0 && transactions.isAborted(producerId, baseOffset)) return
  const reader = new RecordReader(body)
  const baseTimestamp = Number(batch.readBigInt64BE(27))
  const maxTimestamp = Number(batch.readBigInt64BE(35))
  const appendTime = (attributes & LOG_APPEND_TIME) !== 0
  for (let index = 0; index < count; index += 1) {
    const end = reader.varint() + reader.at
    reader.at += 1
    const timestamp = baseTimestamp + reader.varint()
    const offset = baseOffset + reader.varint()
    if (offset >= from) {
      const timestampUs = (appendTime ? maxTimestamp : timestamp) * 1_000
      records.push({ offset, timestampUs, key: reader.bytes(), value: reader.bytes(), headers: reader.headers() })
    }
    reader.at = end
  }
}

/** Which batches belong to transactions that came to nothing (read_committed: the broker lists them, the reader leaves them out). */
class AbortedTransactions {
  readonly #waiting: AbortedTransaction[]
  readonly #producers = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((one, other) => one.firstOffset - other.firstOffset)
  }

  isAborted(producerId: bigint, baseOffset: number): boolean {
    for (let next = this.#waiting[0]; next !== undefined && next.firstOffset <= baseOffset; next = this.#waiting[0]) {
      this.#producers.add(next.producerId)
      this.#waiting.shift()
    }
    return this.#producers.has(producerId)
  }

  /** The key of a control record: version int16, type int16. */
  ended(producerId: bigint, body: Buffer): void {
    const reader = new RecordReader(body)
    reader.varint()
    reader.at += 1
    reader.varint()
    reader.varint()
    const key = reader.bytes()
    if (key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER) this.#producers.delete(producerId)
  }
}

class RecordReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes.readUInt8(this.at)
      this.at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const bytes = this.#bytes.subarray(this.at, this.at + length)
    if (bytes.length < length) throw new RangeError('a record ends before its length')
    this.at += length
    return bytes
  }

  headers(): Readonly<Record<string, string>> {
    const count = this.varint()
    if (count === 0) return NO_HEADERS
    const entries: [string, string][] = []
    for (let index = 0; index < count; index += 1) {
      // Of several headers of one name the last counts, as in Kafka's lastHeader; one without a value is an empty one.
      entries.push([this.bytes()?.toString() ?? '', this.bytes()?.toString() ?? ''])
    }
    return Object.fromEntries(entries)
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})
