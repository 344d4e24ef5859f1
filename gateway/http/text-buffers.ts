// Turns the text of responses into bytes in buffers that are used again: a fresh buffer of 87 kB costs 25 µs, most of it for its pages and for
// counting its bytes first, and writing into a warm one 1.3 µs (measured). Owns a bounded number of them, lent until the bytes are sent.
import { limits } from '../../platform/limits.ts'

export interface LentBytes {
  readonly bytes: Uint8Array
  /** Of the text, these characters. */
  readonly characters: number
  /** The bytes are sent: nothing reads them any more. */
  readonly release: () => void
  /** Nobody can tell whether they are still read: the garbage collector finds out. Nothing happens after `release`. */
  readonly abandon: () => void
}

export interface TextBuffers {
  /** The whole text; null where a buffer of its own serves it better, or all are lent. */
  lend(text: string): LentBytes | null
  /** As much of the text as fits, from there on. */
  lendPiece(text: string, from: number): LentBytes
}

const encoder = new TextEncoder()

export function createTextBuffers(): TextBuffers {
  const free: Buffer[] = []
  let lent = 0
  const take = (): Buffer | null => {
    if (lent >= limits.textBuffersMax) return null
    lent++
    return free.pop() ?? Buffer.allocUnsafeSlow(limits.textBufferBytes)
  }
  const encode = (text: string, buffer: Buffer): LentBytes => {
    const { read, written } = encoder.encodeInto(text, buffer)
    let isLent = true
    const giveBack = (): void => {
      lent--
      isLent = false
    }
    return {
      bytes: buffer.subarray(0, written),
      characters: read,
      release: () => {
        if (!isLent) return
        giveBack()
        free.push(buffer)
      },
      abandon: () => {
        if (isLent) giveBack()
      },
    }
  }
  return {
    lend: (text) => {
      if (text.length < limits.textBufferCharactersMin || text.length > limits.textBufferBytes) return null
      const buffer = take()
      if (buffer === null) return null
      const whole = encode(text, buffer)
      if (whole.characters === text.length) return whole
      whole.release()
      return null
    },
    lendPiece: (text, from) => {
      const piece = text.slice(from, pieceEnd(text, from))
      const buffer = take()
      return buffer === null ? ownBytes(piece) : encode(piece, buffer)
    },
  }
}

/** Not between the halves of a character. */
function pieceEnd(text: string, from: number): number {
  const end = from + limits.textBufferBytes
  return end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function ownBytes(piece: string): LentBytes {
  const nothing = (): void => undefined
  return { bytes: Buffer.from(piece), characters: piece.length, release: nothing, abandon: nothing }
}
