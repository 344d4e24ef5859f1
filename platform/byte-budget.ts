// Admits work by bytes, in the order asked: what would pass the bound waits, and nothing overtakes what waits. Work larger than the whole
// bound goes alone.

interface Waiting {
  readonly bytes: number
  readonly start: () => void
}

export class ByteBudget {
  readonly #bytesMax: number
  #bytes = 0
  #waiting: Waiting[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Calls `start` at once, or later when there is room: as a callback, so that work starts in the order in which it was admitted. */
  admit(bytes: number, start: () => void): void {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      this.#waiting.push({ bytes, start })
      return
    }
    this.#bytes += bytes
    start()
  }

  release(bytes: number): void {
    this.#bytes -= bytes
    let first = this.#waiting[0]
    while (first !== undefined && this.#fits(first.bytes)) {
      this.#waiting.shift()
      this.#bytes += first.bytes
      first.start()
      first = this.#waiting[0]
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax
  }
}
