// The bytes of one answer, gathered from the pieces they come in: in one allocation where the length is told, by doubling where it is not.

const FIRST_BYTES = 16_384
const NOTHING = Buffer.alloc(0)

export class BodyCollector {
  readonly #bytesMax: number
  #bytes: Buffer = NOTHING
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** What `content-length` says. False: more than is taken. Memory that is never written to costs nothing, so a lie does not either. */
  expect(bytes: number): boolean {
    if (bytes > this.#bytesMax) return false
    this.#bytes = Buffer.allocUnsafe(bytes)
    return true
  }

  /** Copies: the piece may lie in a buffer that is read into again. False: more than is taken. */
  add(piece: Buffer, from = 0, to = piece.length): boolean {
    const length = this.#length + to - from
    if (length > this.#bytes.length) {
      if (length > this.#bytesMax) return false
      const wanted = Math.max(length, this.#bytes.length * 2, FIRST_BYTES)
      const grown = Buffer.allocUnsafe(Math.min(wanted, this.#bytesMax))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    piece.copy(this.#bytes, this.#length, from, to)
    this.#length = length
    return true
  }

  take(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length)
  }
}
