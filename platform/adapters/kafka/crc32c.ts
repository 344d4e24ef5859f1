// CRC-32C (Castagnoli), which record batches carry; node:zlib has the other polynomial only. Four tables: four bytes at a step.
const POLYNOMIAL = 0x82f63b78
const TABLES = tables()

export function crc32c(bytes: Uint8Array): number {
  const [one, two, three, four] = TABLES
  let crc = 0xffffffff
  let at = 0
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^=
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    crc =
      entry(four, crc & 0xff) ^
      entry(three, (crc >>> 8) & 0xff) ^
      entry(two, (crc >>> 16) & 0xff) ^
      entry(one, crc >>> 24)
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ entry(one, (crc ^ byteAt(bytes, at)) & 0xff)
  return (crc ^ 0xffffffff) >>> 0
}

function tables(): readonly [Int32Array, Int32Array, Int32Array, Int32Array] {
  const one = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0)
    return crc
  })
  const after = (table: Int32Array): Int32Array => table.map((crc) => (crc >>> 8) ^ entry(one, crc & 0xff))
  const two = after(one)
  const three = after(two)
  return [one, two, three, after(three)]
}

function entry(table: Int32Array, at: number): number {
  return table[at] ?? 0
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}
