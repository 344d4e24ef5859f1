// Lines of NDJSON, or of any text, as bytes. A line is passed on as it is, also when it is no JSON or not what its product expects: ingest
// rejects it then, with its original bytes.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

const LINE_FEED = 0x0a

/** Lines without blanks around them and without the byte order mark; blank ones left out. Memory is bounded by the longest line allowed. */
export function ndjsonLines(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  return lines(chunks, name, isBlank)
}

/** As `ndjsonLines`, with their blanks; empty ones left out. */
export function textLines(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  return lines(chunks, name, isCarriageReturn)
}

type IsTrimmed = (byte: number | undefined) => boolean

async function* lines(chunks: AsyncIterable<Buffer>, name: string, isTrimmed: IsTrimmed): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let restBytes = 0
  let lineNumber = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      const piece = chunk.subarray(from, end)
      const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece])
      rest = []
      restBytes = 0
      from = end + 1
      lineNumber += 1
      const trimmed = trimLine(line, lineNumber, isTrimmed)
      if (trimmed.length > 0) yield trimmed
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from))
      restBytes += chunk.length - from
    }
    if (restBytes > limits.recordBytesMax) {
      const message = `${name}:${lineNumber + 1}: the line is longer than ${limits.recordBytesMax} bytes. Send smaller records.`
      throw new MeshgateError('SOURCE_INVALID', message)
    }
  }
  const last = trimLine(Buffer.concat(rest), lineNumber + 1, isTrimmed)
  if (last.length > 0) yield last
}

function trimLine(line: Buffer, lineNumber: number, isTrimmed: IsTrimmed): Buffer {
  let from = 0
  let end = line.length
  if (lineNumber === 1 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) from = 3
  while (end > from && isTrimmed(line[end - 1])) end -= 1
  while (from < end && isTrimmed(line[from])) from += 1
  return line.subarray(from, end)
}

function isCarriageReturn(byte: number | undefined): boolean {
  return byte === 0x0d
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}
