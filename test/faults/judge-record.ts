// What a record of the fault suite means by the words of its product alone: which entity it writes or deletes and when, or why it must be
// rejected. It shares nothing with ingest but the product language's definition.
import type { LogRecord } from '../../platform/ports/event-log.ts'
import type { FaultProduct } from './fault-products.ts'

export type Cell = string | number | null | readonly unknown[]

export type Judgement =
  | {
      readonly kind: 'upsert'
      readonly id: string
      readonly time: number
      readonly cells: Readonly<Record<string, Cell>>
    }
  | { readonly kind: 'delete'; readonly id: string; readonly time: number }
  | { readonly kind: 'rejected'; readonly code: string }

const rejected = (code: string): Judgement => ({ kind: 'rejected', code })
const AHEAD_US = 24 * 3_600_000_000

/** `timeUs`: the record's exact append time. */
export function judgeRecord(product: FaultProduct, record: LogRecord, timeUs: number): Judgement {
  const judged = read(product, record, timeUs)
  if (judged.kind === 'rejected') return judged
  if (record.key === null && product.merged && product.keyField === 'id') return rejected('RECORD_KEY_MISSING')
  if (judged.kind === 'delete' && product.immutable && product.tables.length > 1)
    return rejected('RECORD_DELETE_REFUSED')
  if (product.version?.kind === 'TIME' && judged.time > timeUs + AHEAD_US) return rejected('RECORD_VERSION_AHEAD')
  return judged
}

function read(product: FaultProduct, { key, value }: LogRecord, timeUs: number): Judgement {
  if (value === null) {
    if (key === null || product.keyField !== 'id') return rejected('RECORD_KEY_MISSING')
    if (product.version?.kind === 'SEQUENCE') return rejected('RECORD_VERSION_INVALID')
    return { kind: 'delete', id: text(key), time: timeUs }
  }
  let content: Record<string, unknown>
  try {
    content = JSON.parse(text(value)) as Record<string, unknown>
  } catch {
    return rejected('RECORD_UNPARSABLE')
  }
  if (product.envelope === 'NONE') return upsert(product, content, { key, timeUs })
  if (content['op'] !== 'd') return upsert(product, content['after'] as Record<string, unknown>, { key, timeUs })
  const before = content['before'] as Record<string, unknown>
  return { kind: 'delete', id: String(before['id']), time: versionOf(product, before) ?? timeUs }
}

interface Message {
  readonly key: Uint8Array | null
  readonly timeUs: number
}

function upsert(
  product: FaultProduct,
  content: Readonly<Record<string, unknown>>,
  { key, timeUs }: Message,
): Judgement {
  const cells: Record<string, Cell> = {}
  for (const [column, kind] of Object.entries(product.columns)) {
    const value = content[column]
    if (value === undefined || value === null) {
      const mayLack = !product.required.includes(column) || (product.partial && value === undefined)
      if (!mayLack || column === product.version?.field) return rejected('RECORD_FIELD_MISSING')
      if (value === null) cells[column] = null
      continue
    }
    const cell = cellOf(kind, value)
    if (cell === undefined) return rejected('RECORD_FIELD_TYPE')
    cells[column] = cell
  }
  if (typeof cells['amount'] === 'string' && cells['amount'].startsWith('-')) return rejected('RECORD_CHECK_FAILED')
  const keyed = content[product.keyField]
  if (key !== null && text(key) !== keyed) return rejected('RECORD_KEY_MISMATCH')
  return { kind: 'upsert', id: String(content['id']), time: versionOf(product, content) ?? timeUs, cells }
}

/** In the row's form; undefined: of another type. */
function cellOf(kind: string, value: unknown): Cell | undefined {
  switch (kind) {
    case 'int':
      return Number.isInteger(value) ? (value as number) : undefined
    case 'bigint':
    case 'decimal':
      return typeof value === 'string' && /^-?\d+(\.\d*[1-9])?$/.test(value) ? value : undefined
    case 'timestamp':
      return typeof value === 'string' && /^\d{4}-.*\.\d{6}Z$/.test(value) ? `${value.slice(0, 23)}Z` : undefined
    default:
      return value as Cell
  }
}

/** The version as a write time: the number, or µs with all digits that the source wrote. */
function versionOf({ version }: FaultProduct, content: Readonly<Record<string, unknown>>): number | null {
  if (version === null) return null
  const value = String(content[version.field])
  if (version.kind === 'SEQUENCE') return Number(value)
  return Date.parse(`${value.slice(0, 23)}Z`) * 1_000 + Number(value.slice(23, 26))
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
