// Cuts HTTP/1.1 messages out of a byte stream, requests and responses alike: a head, and a body by content-length or in chunks. For the bench's
// own servers and clients, whose peers are well-behaved: what it does not understand it throws at.

export interface Message {
  /** First line and headers. */
  readonly head: string
  readonly body: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)
const HEAD_BYTES_MAX = 65_536

type Part =
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; readonly head: string; readonly body: Buffer; filled: number }
  | { readonly kind: 'chunks'; readonly head: string; readonly chunks: Buffer[]; open: OpenChunk | undefined }

/** With the line end behind it. */
interface OpenChunk {
  readonly bytes: Buffer
  filled: number
}

export class MessageReader {
  readonly #onMessage: (message: Message) => void
  #rest: Buffer = NOTHING
  #part: Part = { kind: 'head' }

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage
  }

  push(received: Buffer): void {
    let data = this.#rest.length === 0 ? received : Buffer.concat([this.#rest, received])
    for (;;) {
      const after = this.#take(data)
      if (after === undefined) break
      data = after
    }
    this.#rest = data
  }

  /** What follows the part that it took; undefined where more bytes are needed (the given ones are kept then). */
  #take(data: Buffer): Buffer | undefined {
    const part = this.#part
    if (part.kind === 'head') return this.#takeHead(data)
    if (part.kind === 'chunks') return this.#takeChunk(data, part)
    const taken = data.copy(part.body, part.filled)
    part.filled += taken
    if (part.filled === part.body.length) {
      this.#finish(part.head, part.body)
      return data.subarray(taken)
    }
    return taken === 0 ? undefined : data.subarray(taken)
  }

  #takeHead(data: Buffer): Buffer | undefined {
    const end = data.indexOf(HEAD_END)
    if (end === -1) {
      if (data.length > HEAD_BYTES_MAX) throw new Error('The head of a message does not end.')
      return undefined
    }
    const head = data.toString('latin1', 0, end)
    const after = data.subarray(end + HEAD_END.length)
    const length = /\ncontent-length: *(\d+)/i.exec(head)
    if (length !== null) this.#part = { kind: 'length', head, body: Buffer.allocUnsafe(Number(length[1])), filled: 0 }
    else if (/\ntransfer-encoding: *chunked/i.test(head))
      this.#part = { kind: 'chunks', head, chunks: [], open: undefined }
    else this.#finish(head, NOTHING)
    return after
  }

  #takeChunk(data: Buffer, part: Extract<Part, { kind: 'chunks' }>): Buffer | undefined {
    if (part.open === undefined) {
      const lineEnd = data.indexOf(LINE_END)
      if (lineEnd === -1) return undefined
      const size = Number.parseInt(data.toString('latin1', 0, lineEnd), 16)
      if (Number.isNaN(size)) throw new Error('A chunk has no size.')
      part.open = { bytes: Buffer.allocUnsafe(size + LINE_END.length), filled: 0 }
      return data.subarray(lineEnd + LINE_END.length)
    }
    const { open } = part
    const taken = data.copy(open.bytes, open.filled)
    open.filled += taken
    if (open.filled < open.bytes.length) return taken === 0 ? undefined : data.subarray(taken)
    part.open = undefined
    if (open.bytes.length === LINE_END.length) this.#finish(part.head, Buffer.concat(part.chunks))
    else part.chunks.push(open.bytes.subarray(0, -LINE_END.length))
    return data.subarray(taken)
  }

  #finish(head: string, body: Buffer): void {
    this.#part = { kind: 'head' }
    this.#onMessage({ head, body })
  }
}
