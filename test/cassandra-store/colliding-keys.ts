// UUIDs of one token: Murmur3 of 16 bytes can be turned round, so for any second half of its state there is a key of the wanted token.
import { types } from 'cassandra-driver'

const MASK = 2n ** 64n - 1n
const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn
const KEY_BYTES = 16n

const wrap = (value: bigint): bigint => value & MASK
const rotateLeft = (value: bigint, bits: bigint): bigint => wrap((value << bits) | (value >> (64n - bits)))
const rotateRight = (value: bigint, bits: bigint): bigint => rotateLeft(value, 64n - bits)

/** The factor that undoes a multiplication by an odd number, by Newton's method. */
function inverse(odd: bigint): bigint {
  let result = odd
  for (let bits = 3; bits < 64; bits *= 2) result = wrap(result * (2n - odd * result))
  return result
}

const undoShift = (value: bigint): bigint => value ^ (value >> 33n)

/** Murmur3's finishing mix, backwards. */
function unmix(value: bigint): bigint {
  let mixed = undoShift(value)
  mixed = wrap(mixed * inverse(0xc4ceb9fe1a85ec53n))
  mixed = undoShift(mixed)
  mixed = wrap(mixed * inverse(0xff51afd7ed558ccdn))
  return undoShift(mixed)
}

/** The key whose state ends in `free` beside the token. */
export function uuidOfToken(token: bigint, free: bigint): string {
  const secondMixed = wrap(free)
  const first = unmix(wrap(token - secondMixed))
  const second = unmix(secondMixed)
  // Before they were added up: h1 += h2, h2 += h1; and before the length went in.
  const h2 = wrap(second - first) ^ KEY_BYTES
  const h1 = wrap(first - (h2 ^ KEY_BYTES)) ^ KEY_BYTES
  // The one block, with h1 = h2 = 0 before it.
  const k1Mixed = rotateRight(wrap(wrap(h1 - 0x52dce729n) * inverse(5n)), 27n)
  const k2Mixed = rotateRight(wrap(wrap(h2 - 0x38495ab5n) * inverse(5n) - h1), 31n)
  const k1 = wrap(rotateRight(wrap(k1Mixed * inverse(C2)), 31n) * inverse(C1))
  const k2 = wrap(rotateRight(wrap(k2Mixed * inverse(C1)), 33n) * inverse(C2))
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(k1, 0)
  bytes.writeBigUInt64LE(k2, 8)
  return new types.Uuid(bytes).toString()
}
