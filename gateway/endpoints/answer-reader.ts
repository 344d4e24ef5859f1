// One HTTP/1.1 answer, put together from the pieces that a socket reads. Pure: bytes in, an answer or a failure out.
import { limits } from '../../platform/limits.ts'
import { ProtocolFailure, readHead, type Http1Head } from './answer-head.ts'
import { BodyCollector } from './body-collector.ts'
import { ChunkReader } from './chunk-reader.ts'
import { answerOf, type HttpAnswer, type TransportFailure } from './http-transport.ts'

export type Reading =
  | { readonly kind: 'more' }
  | {
      readonly kind: 'answer'
      readonly answer: HttpAnswer
      readonly keepAlive: boolean
      readonly keepAliveMs: number | null
    }
  | { readonly kind: 'failed'; readonly failure: TransportFailure }

const MORE: Reading = { kind: 'more' }
const HEAD_END = '\r\n\r\n'

export class AnswerReader {
  readonly #body: BodyCollector
  /** The head's bytes so far, where it comes in several pieces. */
  #partial: Buffer | null = null
  #head: Http1Head | null = null
  #chunks: ChunkReader | null = null
  #missing = 0
  #interim = 0

  constructor(responseBytesMax: number) {
    this.#body = new BodyCollector(responseBytesMax)
  }

  /** Copies what it keeps. Nothing may be read after an answer or a failure. */
  read(bytes: Buffer): Reading {
    try {
      return this.#head === null ? this.#readHead(bytes) : this.#readBody(this.#head, bytes, 0)
    } catch (error) {
      if (!(error instanceof ProtocolFailure)) throw error
      return { kind: 'failed', failure: { kind: 'protocol', cause: error } }
    }
  }

  /** The server has closed: an answer where that ends its body. */
  end(): Reading {
    if (this.#head?.framing.kind === 'until-close') return this.#answer(this.#head, false)
    return { kind: 'failed', failure: { kind: 'connection', cause: new Error('The connection ended in an answer.') } }
  }

  #readHead(piece: Buffer): Reading {
    let bytes = this.#partial === null ? piece : Buffer.concat([this.#partial, piece])
    for (;;) {
      const end = bytes.indexOf(HEAD_END)
      if (end < 0 ? bytes.length > limits.subgraphHeadBytesMax : end > limits.subgraphHeadBytesMax) {
        throw new ProtocolFailure('The head is too long.')
      }
      if (end < 0) {
        checkBeginning(bytes)
        // The piece may lie in a buffer that is read into again.
        this.#partial = bytes === piece ? Buffer.from(piece) : bytes
        return MORE
      }
      const head = readHead(bytes.toString('latin1', 0, end))
      if (head.framing.kind !== 'interim') {
        this.#partial = null
        return this.#begin(head, bytes, end + HEAD_END.length)
      }
      this.#interim += 1
      if (this.#interim > limits.subgraphInterimAnswersMax) throw new ProtocolFailure('Too many interim answers.')
      bytes = bytes.subarray(end + HEAD_END.length)
    }
  }

  #begin(head: Http1Head, bytes: Buffer, from: number): Reading {
    this.#head = head
    if (head.framing.kind === 'length') {
      this.#missing = head.framing.bytes
      if (!this.#body.expect(this.#missing)) return tooLarge()
    } else if (head.framing.kind === 'chunked') {
      this.#chunks = new ChunkReader(this.#body, limits.subgraphHeadBytesMax)
    }
    return this.#readBody(head, bytes, from)
  }

  #readBody(head: Http1Head, bytes: Buffer, from: number): Reading {
    if (this.#chunks !== null) {
      const end = this.#chunks.read(bytes, from)
      if (end === null) return tooLarge()
      // Bytes after the answer belong to none that was asked for.
      return end < 0 ? MORE : this.#answer(head, end === bytes.length)
    }
    if (head.framing.kind === 'until-close') return this.#body.add(bytes, from) ? MORE : tooLarge()
    const to = Math.min(bytes.length, from + this.#missing)
    if (to > from) this.#body.add(bytes, from, to)
    this.#missing -= to - from
    return this.#missing > 0 ? MORE : this.#answer(head, to === bytes.length)
  }

  #answer(head: Http1Head, isClean: boolean): Reading {
    const { keepAlive, keepAliveMs } = head
    return { kind: 'answer', answer: answerOf(head, this.#body), keepAlive: keepAlive && isClean, keepAliveMs }
  }
}

function tooLarge(): Reading {
  return { kind: 'failed', failure: { kind: 'too-large', cause: undefined } }
}

const BEGINNING = Buffer.from('HTTP/1.')

/** Who speaks another protocol is found out by its first bytes, not by waiting for the rest of a head. */
function checkBeginning(bytes: Buffer): void {
  const length = Math.min(bytes.length, BEGINNING.length)
  if (bytes.compare(BEGINNING, 0, length, 0, length) !== 0) throw new ProtocolFailure('An answer that is no HTTP/1.1.')
}
