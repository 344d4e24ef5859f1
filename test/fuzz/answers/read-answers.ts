// Takes apart what a server has sent on one connection, strictly: HTTP/1.1 answers one after the other, then the frames of a WebSocket where
// it has changed to that. Pure.

export interface HttpAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** As sent, without the framing of chunks. */
  readonly body: Buffer
  /** All of it came. */
  readonly isWhole: boolean
}

export interface ReadAnswers {
  readonly answers: readonly HttpAnswer[]
  /** Text messages after a 101. */
  readonly messages: readonly string[]
  /** Code of the close frame. */
  readonly closeCode: number | null
  /** What is no HTTP. */
  readonly problem: string | null
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x20-\x7e\t\x80-\xff]*)$/

/** `isHead`: the first answer has no body, whatever its head says. */
export function readAnswers(bytes: Buffer, isHead: boolean): ReadAnswers {
  const answers: HttpAnswer[] = []
  let rest = bytes
  const done = (problem: string | null): ReadAnswers => ({ answers, messages: [], closeCode: null, problem })
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    // The connection was cut in a head: whoever cut it is asked elsewhere.
    if (end < 0)
      return done(rest.toString('latin1', 0, 5) === 'HTTP/'.slice(0, rest.length) ? null : `no head: ${shown(rest)}`)
    const head = readHead(rest.toString('latin1', 0, end))
    if (typeof head === 'string') return done(head)
    const body = rest.subarray(end + 4)
    const { status, headers } = head
    if (status === 101) {
      answers.push({ ...head, body: Buffer.alloc(0), isWhole: true })
      return { answers, problem: null, ...readFrames(body) }
    }
    const hasBody = !isHead && status >= 200 && status !== 204 && status !== 304
    const read = hasBody ? readBody(body, headers) : { body: Buffer.alloc(0), isWhole: true, rest: body }
    if (typeof read === 'string') return done(read)
    answers.push({ ...head, body: read.body, isWhole: read.isWhole })
    rest = read.rest
  }
  return done(null)
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, 120))
}

function readHead(text: string): { status: number; headers: Map<string, string> } | string {
  const [line = '', ...fields] = text.split('\r\n')
  const status = STATUS_LINE.exec(line)?.[1]
  if (status === undefined) return `no status line: ${JSON.stringify(line.slice(0, 200))}`
  const headers = new Map<string, string>()
  for (const field of fields) {
    const [, name = '', value = ''] = FIELD_LINE.exec(field) ?? []
    if (name === '') return `no header line: ${JSON.stringify(field.slice(0, 200))}`
    const before = headers.get(name.toLowerCase())
    headers.set(name.toLowerCase(), before === undefined ? value.trim() : `${before}, ${value.trim()}`)
  }
  return { status: Number(status), headers }
}

interface ReadBody {
  readonly body: Buffer
  readonly isWhole: boolean
  readonly rest: Buffer
}

function readBody(bytes: Buffer, headers: ReadonlyMap<string, string>): ReadBody | string {
  const length = headers.get('content-length')
  if (headers.get('transfer-encoding') === 'chunked') {
    return length === undefined ? readChunks(bytes) : 'both a length and chunks'
  }
  // Until the connection ends.
  if (length === undefined) return { body: bytes, isWhole: true, rest: Buffer.alloc(0) }
  if (!/^\d+$/.test(length)) return `content-length: ${length}`
  const count = Number(length)
  return { body: bytes.subarray(0, count), isWhole: bytes.length >= count, rest: bytes.subarray(count) }
}

function readChunks(bytes: Buffer): ReadBody | string {
  const pieces: Buffer[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n')
    const size = end < 0 ? '' : rest.toString('latin1', 0, end)
    if (end >= 0 && !/^[0-9a-fA-F]{1,8}$/.test(size)) return `size of a chunk: ${JSON.stringify(size.slice(0, 100))}`
    const count = Number.parseInt(size, 16)
    if (end < 0 || rest.length < end + 4 + count) {
      return { body: Buffer.concat(pieces), isWhole: false, rest: Buffer.alloc(0) }
    }
    if (rest.toString('latin1', end + 2 + count, end + 4 + count) !== '\r\n') return 'a chunk without its end'
    pieces.push(rest.subarray(end + 2, end + 2 + count))
    rest = rest.subarray(end + 4 + count)
    if (count === 0) return { body: Buffer.concat(pieces), isWhole: true, rest }
  }
}

/** A server's frames are unmasked; ours come whole. */
function readFrames(bytes: Buffer): { messages: string[]; closeCode: number | null } {
  const messages: string[] = []
  let closeCode: number | null = null
  let at = 0
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] ?? 0) & 0x0f
    let length = (bytes[at + 1] ?? 0) & 0x7f
    let start = at + 2
    if (length === 126 && start + 2 <= bytes.length) {
      length = bytes.readUInt16BE(start)
      start += 2
    } else if (length === 127 && start + 8 <= bytes.length) {
      length = Number(bytes.readBigUInt64BE(start))
      start += 8
    }
    if (start + length > bytes.length) break
    if (opcode === 1) messages.push(bytes.toString('utf8', start, start + length))
    if (opcode === 8 && length >= 2) closeCode = bytes.readUInt16BE(start)
    at = start + length
  }
  return { messages, closeCode }
}
