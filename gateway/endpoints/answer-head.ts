// The head of an HTTP/1.1 answer (RFC 9112), read strictly: what two readers could take for two different answers is none.
import type { AnswerHead } from './http-transport.ts'

export interface Http1Head extends AnswerHead {
  readonly framing: Framing
  /** The connection may be used again afterwards. */
  readonly keepAlive: boolean
  /** How long the server keeps it without a request; null where it does not say. */
  readonly keepAliveMs: number | null
}

/** How the body ends. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }
  /** An informational answer: the real one follows. */
  | { readonly kind: 'interim' }

export class ProtocolFailure extends Error {}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n\0]*)?$/
export const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*)$/
const LENGTH = /^\d{1,15}$/

/** `text`: latin1, without the empty line that ends it. */
export function readHead(text: string): Http1Head {
  let end = text.indexOf('\r\n')
  const statusLine = STATUS_LINE.exec(end < 0 ? text : text.slice(0, end))
  if (statusLine === null) throw new ProtocolFailure('The status line is none of HTTP/1.1.')
  const fields = new Fields()
  while (end >= 0) {
    const start = end + 2
    end = text.indexOf('\r\n', start)
    const line = FIELD_LINE.exec(end < 0 ? text.slice(start) : text.slice(start, end))
    if (line === null) throw new ProtocolFailure('A header line is none.')
    fields.add((line[1] ?? '').toLowerCase(), (line[2] ?? '').trimEnd())
  }
  const status = Number(statusLine[2])
  const isOld = statusLine[1] === '0'
  const connection = fields.connection.toLowerCase()
  const keepAlive = isOld ? /(^|,)\s*keep-alive\s*(,|$)/.test(connection) : !/(^|,)\s*close\s*(,|$)/.test(connection)
  const framing = framingOf(status, fields, isOld)
  return {
    status,
    contentType: fields.contentType,
    contentEncoding: fields.contentEncoding,
    isMarkedWhole: fields.whole === '1',
    framing,
    keepAlive: keepAlive && framing.kind !== 'until-close',
    keepAliveMs: keepAliveMs(fields.keepAlive),
  }
}

/** The fields that anybody here asks for, several lines of one name joined as RFC 9110, 5.3 has it. */
class Fields {
  contentType = ''
  contentEncoding = ''
  contentLength = ''
  transferEncoding = ''
  connection = ''
  keepAlive = ''
  whole = ''

  add(name: string, value: string): void {
    switch (name) {
      case 'content-type':
        this.contentType = joined(this.contentType, value)
        return
      case 'content-encoding':
        this.contentEncoding = joined(this.contentEncoding, value)
        return
      case 'content-length':
        // An empty one joined to another would look like one.
        this.contentLength = joined(this.contentLength, value === '' ? 'empty' : value)
        return
      case 'transfer-encoding':
        this.transferEncoding = joined(this.transferEncoding, value === '' ? 'empty' : value)
        return
      case 'connection':
        this.connection = joined(this.connection, value)
        return
      case 'keep-alive':
        this.keepAlive = joined(this.keepAlive, value)
        return
      case 'meshgate-whole':
        this.whole = joined(this.whole, value)
        return
      default:
    }
  }
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`
}

/** RFC 9112, 6.3, without what it merely tolerates. */
function framingOf(status: number, { contentLength, transferEncoding }: Fields, isOld: boolean): Framing {
  if (status === 101) throw new ProtocolFailure('The server changes to another protocol, unasked.')
  if (transferEncoding !== '') {
    if (contentLength !== '') throw new ProtocolFailure('Both transfer-encoding and content-length.')
    if (isOld || transferEncoding.toLowerCase() !== 'chunked') {
      throw new ProtocolFailure(`The transfer-encoding is ${JSON.stringify(transferEncoding)}.`)
    }
  } else if (contentLength !== '' && !LENGTH.test(contentLength)) {
    throw new ProtocolFailure(`The content-length is ${JSON.stringify(contentLength)}.`)
  }
  if (status < 200) return { kind: 'interim' }
  if (status === 204 || status === 304) return { kind: 'length', bytes: 0 }
  if (transferEncoding !== '') return { kind: 'chunked' }
  return contentLength === '' ? { kind: 'until-close' } : { kind: 'length', bytes: Number(contentLength) }
}

function keepAliveMs(keepAlive: string): number | null {
  const seconds = /(?:^|,)\s*timeout=(\d{1,6})\s*(?:,|$)/i.exec(keepAlive)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1_000
}
