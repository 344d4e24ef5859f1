// Turns the text of responses into bytes in buffers that are used again: a fresh buffer of 87 kB costs 25 µs, most of it for its pages and for
// counting its bytes first, and writing into a warm one 1.3 µs (measured). Owns a bounded number of them, lent until the bytes are sent.
import { limits } from '../../platform/limits.ts'

export interface LentText {
  readonly bytes: Uint8Array
  /** Once, and only when nothing reads the bytes any more; a borrower that cannot tell leaves them to the garbage collector. */
  readonly release: () => void
}

export interface TextBuffers {
  /** Null where a buffer of its own serves the text better, or all are lent. */
  lend(text: string): LentText | null
}

const encoder = new TextEncoder()

export function createTextBuffers(): TextBuffers {
  const free: Buffer[] = []
  let made = 0
  const take = (): Buffer | null => {
    const kept = free.pop()
    if (kept !== undefined || made >= limits.textBuffersMax) return kept ?? null
    made++
    return Buffer.allocUnsafeSlow(limits.textBufferBytes)
  }
  return {
    lend: (text) => {
      if (text.length < limits.textBufferCharactersMin || text.length > limits.textBufferBytes) return null
      const buffer = take()
      if (buffer === null) return null
      const { read, written } = encoder.encodeInto(text, buffer)
      if (read < text.length) {
        free.push(buffer)
        return null
      }
      return { bytes: buffer.subarray(0, written), release: () => void free.push(buffer) }
    },
  }
}
