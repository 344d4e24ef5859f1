// The chunked coding of a body (RFC 9112, 7.1), read byte by byte where it is framing and by the piece where it is data. Strict: only CRLF
// ends a line, a size is at most eight hexadecimal digits.
import { FIELD_LINE, ProtocolFailure } from './answer-head.ts'
import type { BodyCollector } from './body-collector.ts'

const CR = 13
const LF = 10
const SEMICOLON = 59
const SIZE_DIGITS_MAX = 8
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const EXTENSIONS = new RegExp(`^;${TOKEN}(=(${TOKEN}|"[^"\\\\\\0]*"))?(;${TOKEN}(=(${TOKEN}|"[^"\\\\\\0]*"))?)*$`)

type State =
  | 'size'
  | 'extension'
  | 'size-end'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-start'
  | 'trailer'
  | 'trailer-lf'
  | 'end'

export class ChunkReader {
  readonly #body: BodyCollector
  /** Bytes that extensions and trailers may take: they are read over. */
  #idleBytesLeft: number
  #state: State = 'size'
  #digits = 0
  #size = 0
  /** Of an extension or a trailer so far. */
  #line = ''

  constructor(body: BodyCollector, idleBytesMax: number) {
    this.#body = body
    this.#idleBytesLeft = idleBytesMax
  }

  /** The position after the last byte of the body; -1 while there is more to come; null: more than is taken. */
  read(bytes: Buffer, from: number): number | null {
    let at = from
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const to = Math.min(bytes.length, at + this.#size)
        if (!this.#body.add(bytes, at, to)) return null
        this.#size -= to - at
        at = to
        if (this.#size === 0) this.#state = 'data-cr'
        continue
      }
      if (this.#step(bytes[at] ?? 0)) return at + 1
      at += 1
    }
    return -1
  }

  /** True with the last byte. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case 'size':
        this.#readSize(byte)
        return false
      case 'extension':
        this.#readLine(byte, EXTENSIONS, 'size-end')
        return false
      case 'size-end':
        this.#expect(byte, LF, this.#size === 0 ? 'trailer-start' : 'data')
        return false
      case 'data-cr':
        this.#expect(byte, CR, 'data-lf')
        return false
      case 'data-lf':
        this.#digits = 0
        this.#expect(byte, LF, 'size')
        return false
      case 'trailer-start':
        if (byte === CR) this.#state = 'end'
        else {
          this.#state = 'trailer'
          this.#readLine(byte, FIELD_LINE, 'trailer-lf')
        }
        return false
      case 'trailer':
        this.#readLine(byte, FIELD_LINE, 'trailer-lf')
        return false
      case 'trailer-lf':
        this.#expect(byte, LF, 'trailer-start')
        return false
      case 'end':
        this.#expect(byte, LF, 'end')
        return true
      case 'data':
        return false
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      if (this.#digits === SIZE_DIGITS_MAX) throw new ProtocolFailure('The size of a chunk has too many digits.')
      this.#size = this.#size * 16 + digit
      this.#digits += 1
      return
    }
    if (this.#digits === 0) throw new ProtocolFailure('A chunk has no size.')
    if (byte === CR) this.#state = 'size-end'
    else if (byte === SEMICOLON) {
      this.#state = 'extension'
      this.#line = ';'
    } else throw new ProtocolFailure('The size of a chunk is no number.')
  }

  /** An extension or a trailer: nobody here asks for it, but what is none of them is a sign of another reading. */
  #readLine(byte: number, form: RegExp, next: State): void {
    if (byte !== CR) {
      this.#idleBytesLeft -= 1
      if (this.#idleBytesLeft < 0) throw new ProtocolFailure('A chunked body has too many extensions or trailers.')
      this.#line += String.fromCodePoint(byte)
      return
    }
    if (this.#line.includes('\n') || !form.test(this.#line)) {
      throw new ProtocolFailure('A line of a chunked body is none.')
    }
    this.#line = ''
    this.#state = next
  }

  #expect(byte: number, wanted: number, next: State): void {
    if (byte !== wanted) throw new ProtocolFailure('A chunk does not end where its size says.')
    this.#state = next
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
