// Record batches: what is encoded is decoded, and what a broker may answer beside whole batches of records.
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../platform/adapters/kafka/crc32c.ts'
import { decodeRecords } from '../../platform/adapters/kafka/record-batch-reader.ts'
import { encodeBatch } from '../../platform/adapters/kafka/record-batch-writer.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { range, textOf } from '../conformance/event-log-harness.ts'

const TRANSACTIONAL = 0x10
const CONTROL = 0x20

function batchOf(records: readonly AppendRecord[], baseOffset: number): Buffer {
  const producer = { producerId: 7n, epoch: 0 }
  const batch = encodeBatch(records, { producer, sequence: 0, timestampMs: 1_700_000_000_123 })
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  return batch
}

function values(count: number): AppendRecord[] {
  return range(0, count).map((at) => ({ key: null, value: Buffer.from(`value ${String(at)}`) }))
}

function withAttributes(batch: Buffer, attributes: number): Buffer {
  batch.writeInt16BE(attributes, 21)
  return sealed(batch)
}

function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

describe('record batches', () => {
  it('have the checksum of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
  })

  it.each([1, 300])('give back what was appended, %i records, compressed where that is shorter', (count) => {
    const records = range(1, count + 1).map((at) => ({
      key: at % 3 === 0 ? null : Buffer.alloc(at, 'k'),
      value: at % 5 === 0 ? null : Buffer.alloc(at * 40, 'v'),
      headers: at % 7 === 0 ? { 'käse-ß': 'wörter', __proto: '' } : {},
    }))
    const { records: found, nextOffset } = decodeRecords(batchOf(records, 4_000_000_000_000), 0, [])
    expect(nextOffset).toBe(4_000_000_000_000 + count)
    const stamp = { timestampUs: 1_700_000_000_123_000 }
    expect(found).toEqual(records.map((each, at) => ({ ...each, ...stamp, offset: 4_000_000_000_000 + at })))
  })

  it('leave out what lies before the offset asked for, and a batch that is cut off', () => {
    const bytes = Buffer.concat([batchOf(values(10), 100), batchOf(values(10), 110)])
    const { records, nextOffset } = decodeRecords(bytes.subarray(0, -1), 104, [])
    expect([records.map(({ offset }) => offset), nextOffset]).toEqual([range(104, 110), 110])
  })

  it('are not read where a bit of them is wrong', () => {
    const batch = batchOf(values(10), 100)
    for (let at = 21; at < batch.length; at += 7) {
      const damaged = Buffer.from(batch)
      damaged.writeUInt8((damaged[at] ?? 0) ^ 0x10, at)
      expect(() => decodeRecords(damaged, 100, [])).toThrow('the checksum of the record batch at offset 100 is wrong')
    }
  })

  it('lead on where compaction has left a batch without records', () => {
    const empty = batchOf([], 100)
    empty.writeInt32BE(49, 23)
    expect(decodeRecords(sealed(empty), 100, [])).toEqual({ records: [], nextOffset: 150 })
  })

  // A small batch stays as it is; attributes of the tests below rely on it.
  it('leave out aborted transactions and the marks of all', () => {
    const abortMark = { key: Buffer.from([0, 0, 0, 0]), value: Buffer.alloc(6) }
    const bytes = Buffer.concat([
      batchOf(values(1), 0),
      withAttributes(batchOf(values(2), 1), TRANSACTIONAL),
      withAttributes(batchOf([abortMark], 3), TRANSACTIONAL | CONTROL),
      withAttributes(batchOf(values(2), 4), TRANSACTIONAL),
    ])
    const { records, nextOffset } = decodeRecords(bytes, 0, [{ producerId: 7n, firstOffset: 1 }])
    expect([records.map(({ offset }) => offset), nextOffset]).toEqual([[0, 4, 5], 6])
    expect(records.map(({ value }) => textOf(value))).toEqual(['value 0', 'value 0', 'value 1'])
  })
})
