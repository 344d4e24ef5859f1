// Records to load, from a file or made by a program, as key and bytes of a message.
import type { Entity, Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { csvRecords, type CsvRecord } from './csv.ts'
import { compileCsvRecord, type ReadCsvRecord } from './csv-record.ts'
import { fileBytes } from './file-bytes.ts'
import { ndjsonLines, textLines } from './ndjson.ts'
import { compileKeyReaders } from './record-key.ts'

/** A record made by a program. */
export interface LoadRecord {
  /** Message key; absent: the value of the product's key field. */
  readonly key?: string | null
  /** An object; or its JSON as text or bytes, taken as it is. */
  readonly value: object | string | Uint8Array
}

export interface KeyedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array
}

/** What to load: a file, or records that come in the same order each time, with a hash of what they are made from. */
export type LoadSource =
  | { readonly kind: 'file'; readonly path: string; readonly format?: 'CSV' | 'NDJSON' }
  | { readonly kind: 'records'; readonly contentHash: string; readonly records: () => AsyncIterable<LoadRecord> }

/** `onRead` is told the bytes of the file read so far. */
export function sourceRecords(
  product: Product,
  entity: Entity,
  source: LoadSource,
  onRead: (bytes: number) => void,
): AsyncIterable<KeyedRecord> {
  const readKey = compileKeyReaders(product, entity)()
  if (source.kind === 'records') return keyed(readKey, source.records())
  if (entity.source?.format === 'TEXT') return keyed(readKey, lineRecords(source, onRead))
  return keyed(readKey, fileRecords(source, onRead, compileCsvRecord(product, entity)))
}

type FileSource = LoadSource & { readonly kind: 'file' }

/** What a line holds says the product, whatever the file is called. */
function lineRecords({ path, format }: FileSource, onRead: (bytes: number) => void): AsyncIterable<LoadRecord> {
  if (format !== undefined) {
    const message = `The product takes lines of text, and ${path} is to be read as ${format}. Leave the format out.`
    throw new MeshgateError('CONFIG_INVALID', message)
  }
  return asValues(textLines(fileBytes(path, onRead), path))
}

/** CSV where the file's name says so (`.csv`, `.csv.gz`), else NDJSON. */
function fileRecords(
  source: FileSource,
  onRead: (bytes: number) => void,
  readCsvRecord: ReadCsvRecord,
): AsyncIterable<LoadRecord> {
  const { path } = source
  const format = source.format ?? (/\.csv(\.gz)?$/i.test(path) ? 'CSV' : 'NDJSON')
  const bytes = fileBytes(path, onRead)
  return format === 'CSV' ? csvValues(csvRecords(bytes, path), readCsvRecord) : asValues(ndjsonLines(bytes, path))
}

async function* csvValues(rows: AsyncIterable<CsvRecord>, readCsvRecord: ReadCsvRecord): AsyncGenerator<LoadRecord> {
  for await (const row of rows) yield { value: readCsvRecord(row) }
}

async function* asValues(values: AsyncIterable<object>): AsyncGenerator<LoadRecord> {
  for await (const value of values) yield { value }
}

async function* keyed(
  readKey: (value: Uint8Array) => string | null,
  records: AsyncIterable<LoadRecord>,
): AsyncGenerator<KeyedRecord> {
  for await (const record of records) {
    const value = bytesOf(record.value)
    const key = record.key === undefined ? readKey(value) : record.key
    yield { key: key === null ? null : Buffer.from(key), value }
  }
}

function bytesOf(value: object | string | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
