// CSV by RFC 4180, parsed by csv-parse: the first row names the columns. Streaming, with memory bounded by the longest row allowed. A row
// with another number of fields than the header is passed on as a JSON array of its fields, which ingest rejects as no record: one
// bad row stops nothing. Text that is no CSV ends the file, with the line on which the row at fault begins.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse, type InfoRecord } from 'csv-parse'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

/** One row of the file: an object of strings by column, or the bare fields where they do not match the header. */
export type CsvRecord = Readonly<Record<string, string>> | readonly string[]

export async function* csvRecords(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<CsvRecord> {
  const lines = new RowLines()
  let header: readonly string[] | null = null
  for await (const fields of csvRows(chunks, name, lines)) {
    if (header === null) {
      header = checkedHeader(fields, `${name}:${lines.first}`)
      continue
    }
    yield fields.length === header.length ? objectOf(header, fields) : fields
  }
}

/** Rows with at least one character. */
async function* csvRows(
  chunks: AsyncIterable<Buffer>,
  name: string,
  lines: RowLines,
): AsyncGenerator<readonly string[]> {
  const rows = parse({
    bom: true,
    // Files that were put together from others mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: limits.recordBytesMax,
    on_record: (fields, info) => {
      lines.follow(fields, info)
      return fields
    },
  })
  const piped = pipeline(Readable.from(checkedUtf8(chunks, name)), rows).catch(() => undefined)
  try {
    // A row is its fields where the parser is given no columns.
    for await (const fields of rows) yield fields as readonly string[]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = lines.next(rows.info.empty_lines)
    throw new MeshgateError('SOURCE_INVALID', `${name}:${line}: ${whatIsWrong(error)}. Mend the file.`, error)
  } finally {
    rows.destroy()
    await piped
  }
}

/** Follows the lines on which rows begin: csv-parse tells where they end, and counts a CRLF inside quotes twice. */
class RowLines {
  /** Line of the first row. */
  first = 1
  /** Line ends up to the next row, without those of blank lines. */
  #ends = 0
  #parserLines = 0
  #blank = 0

  /** Called with each row in turn. */
  follow(fields: readonly string[], info: InfoRecord): void {
    if (this.#ends === 0) this.first = this.next(info.empty_lines)
    const parserLines = info.lines - this.#parserLines - (info.empty_lines - this.#blank)
    this.#ends += parserLines > 1 ? 1 + lineEndsIn(fields) : 1
    this.#parserLines = info.lines
    this.#blank = info.empty_lines
  }

  /** Line of the row after those followed, by the blank lines seen so far. */
  next(blankLines: number): number {
    return 1 + this.#ends + blankLines
  }
}

function lineEndsIn(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + (field.match(/\r\n|\r|\n/g)?.length ?? 0), 0)
}

function whatIsWrong(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quoted field is not closed'
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows the closing quote of a field'
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands in a field that does not begin with one'
    case 'CSV_MAX_RECORD_SIZE':
      return `the row is longer than ${limits.recordBytesMax} bytes; a quote may be missing`
    default:
      return error.message
  }
}

// csv-parse would put U+FFFD in place of bytes that are no UTF-8, silently.
async function* checkedUtf8(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const check = (chunk?: Buffer): void => {
    try {
      if (chunk === undefined) decoder.decode()
      else decoder.decode(chunk, { stream: true })
    } catch (error) {
      throw new MeshgateError('SOURCE_INVALID', `${name} is not UTF-8 text. Convert it.`, error)
    }
  }
  for await (const chunk of chunks) {
    check(chunk)
    yield chunk
  }
  check()
}

function objectOf(header: readonly string[], fields: readonly string[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = {}
  header.forEach((column, index) => {
    // A column called `__proto__` is a column as any other.
    Object.defineProperty(record, column, { value: fields[index] ?? '', enumerable: true, writable: true })
  })
  return record
}

function checkedHeader(fields: readonly string[], where: string): readonly string[] {
  const header = fields.map((field) => field.trim())
  const bad = header.findIndex((column, index) => column === '' || header.indexOf(column) !== index)
  if (bad === -1) return header
  const what = header[bad] === '' ? 'has no name' : `repeats the name "${header[bad]}"`
  throw new MeshgateError('SOURCE_INVALID', `${where}: column ${bad + 1} of the header ${what}. Name each column once.`)
}
