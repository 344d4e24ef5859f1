// Keys of lines that have none in them: the hash of the line, and which of the equal lines of its file it is. So a file that is loaded or
// posted again, or has grown since, gives the same keys, and two equal lines of it stay two records.
import { createHash } from 'node:crypto'
import { limits } from '../../platform/limits.ts'

/** Keys for the lines of one file, in their order. */
export function lineKeys(): (line: Uint8Array) => string {
  // The oldest are forgotten first: a map keeps the order of insertion.
  const seen = new Map<string, number>()
  return (line) => {
    const hash = createHash('sha256').update(line).digest('hex').slice(0, HASH_CHARACTERS)
    const before = seen.get(hash) ?? 0
    seen.delete(hash)
    seen.set(hash, before + 1)
    if (seen.size > limits.lineKeysRememberedMax) {
      const [oldest = ''] = seen.keys()
      seen.delete(oldest)
    }
    return before === 0 ? hash : `${hash}-${before + 1}`
  }
}

/** 96 bits: no two of ten billion lines share them by chance. */
const HASH_CHARACTERS = 24
