// CSV by RFC 4180: fields in quotes may hold commas, line ends and doubled quotes; the first row names the columns. Streaming, with
// memory bounded by the longest row allowed. A row with another number of fields than the header is passed on as a JSON array of its
// fields, which ingest rejects as no record: one bad row stops nothing.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

/** One row of the file: an object of strings by column, or the bare fields where they do not match the header. */
export type CsvRecord = Readonly<Record<string, string>> | readonly string[]

export async function* csvRecords(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<CsvRecord> {
  let header: readonly string[] | null = null
  for await (const { fields, line } of csvRows(decoded(chunks, name), name)) {
    if (header === null) {
      header = checkedHeader(fields, `${name}:${line}`)
      continue
    }
    yield fields.length === header.length ? objectOf(header, fields) : fields
  }
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

async function* decoded(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  // Takes the byte order mark away as well.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if (error instanceof MeshgateError) throw error
    throw new MeshgateError('SOURCE_INVALID', `${name} is not UTF-8 text. Convert it.`, error)
  }
}

interface CsvRow {
  readonly fields: readonly string[]
  /** Line on which the row starts. */
  readonly line: number
}

/** Where the parser stands: before a field, in a bare one, in quotes, or behind a quote that may end them or be doubled. */
type At = 'start' | 'bare' | 'quoted' | 'quote'

/** Rows with at least one character. */
async function* csvRows(texts: AsyncIterable<string>, name: string): AsyncGenerator<CsvRow> {
  const reader = new RowReader(name)
  for await (const text of texts) yield* reader.read(text)
  yield* reader.end()
}

class RowReader {
  readonly #name: string
  #fields: string[] = []
  #field = ''
  #at: At = 'start'
  #rowChars = 0
  #line = 1
  #rowLine = 1
  #afterReturn = false

  constructor(name: string) {
    this.#name = name
  }

  *read(text: string): Generator<CsvRow> {
    let index = 0
    while (index < text.length) {
      const run = this.#plainRun(text, index)
      if (run > index) {
        this.#take(text.slice(index, run))
        index = run
        continue
      }
      const row = this.#special(text[index] ?? '')
      if (row !== null) yield row
      index += 1
    }
  }

  *end(): Generator<CsvRow> {
    if (this.#at === 'quoted') throw this.#invalid(this.#rowLine, 'a quoted field is not closed')
    const row = this.#endRow()
    if (row !== null) yield row
  }

  /** End of the characters from `index` on that mean nothing here. */
  #plainRun(text: string, index: number): number {
    const special = this.#at === 'quoted' ? /["\r\n]/g : /[",\r\n]/g
    special.lastIndex = index
    return special.exec(text)?.index ?? text.length
  }

  #take(text: string): void {
    if (this.#at === 'quote') throw this.#invalid(this.#line, 'text follows the closing quote of a field')
    if (this.#at === 'start') this.#at = 'bare'
    this.#afterReturn = false
    this.#field += text
    this.#rowChars += text.length
    if (this.#rowChars > limits.recordBytesMax) {
      throw this.#invalid(
        this.#rowLine,
        `the row is longer than ${limits.recordBytesMax} characters; a quote may be missing`,
      )
    }
  }

  #special(character: string): CsvRow | null {
    const lineFeedOfPair = character === '\n' && this.#afterReturn
    this.#afterReturn = character === '\r'
    if ((character === '\n' || character === '\r') && !lineFeedOfPair) this.#line += 1
    if (this.#at === 'quoted') {
      if (character === '"') this.#at = 'quote'
      else this.#field += character
      this.#rowChars += 1
      return null
    }
    if (character === '"') {
      this.#quote()
      return null
    }
    if (character === ',') {
      this.#fields.push(this.#field)
      this.#field = ''
      this.#at = 'start'
      this.#rowChars += 1
      return null
    }
    return lineFeedOfPair ? this.#skipPair() : this.#endRow()
  }

  #quote(): void {
    if (this.#at === 'bare') throw this.#invalid(this.#line, 'a quote stands in a field that does not begin with one')
    if (this.#at === 'quote') this.#field += '"'
    this.#rowChars += 1
    this.#at = 'quoted'
  }

  #skipPair(): null {
    this.#rowLine = this.#line
    return null
  }

  #endRow(): CsvRow | null {
    const blank = this.#rowChars === 0
    const row = { fields: [...this.#fields, this.#field], line: this.#rowLine }
    this.#fields = []
    this.#field = ''
    this.#at = 'start'
    this.#rowChars = 0
    this.#rowLine = this.#line
    return blank ? null : row
  }

  #invalid(line: number, what: string): MeshgateError {
    return new MeshgateError('SOURCE_INVALID', `${this.#name}:${line}: ${what}. Mend the file.`)
  }
}
