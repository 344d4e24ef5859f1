// Which partition a key belongs to: murmur2 as Kafka's default partitioner, so that a key keeps its partition when a mesh
// moves between the embedded log and Kafka.

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** Kafka's murmur2 (clients/…/common/utils/Utils.java), as a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  let hash = SEED ^ length
  const wordsEnd = length & ~3
  for (let at = 0; at < wordsEnd; at += 4) {
    let word =
      byteAt(data, at) | (byteAt(data, at + 1) << 8) | (byteAt(data, at + 2) << 16) | (byteAt(data, at + 3) << 24)
    word = Math.imul(word, MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const rest = length - wordsEnd
  if (rest === 3) hash ^= byteAt(data, wordsEnd + 2) << 16
  if (rest >= 2) hash ^= byteAt(data, wordsEnd + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(data, wordsEnd), MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** The partition of a key, as Kafka's producers choose it. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

function byteAt(data: Uint8Array, at: number): number {
  return data[at] ?? 0
}
