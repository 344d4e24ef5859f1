// Writes on their way to a writing thread: checked once, here, and put into one binary part that is transferred, not copied: keys encoded,
// rows as the JSON text that is stored. The writer sorts and inserts what it finds; it parses only rows that must be merged.
import type { Row, Value } from '../../../schema/row.ts'
import { MeshgateError } from '../../errors.ts'
import { type ByteSink, reserve } from '../../byte-sink.ts'
import { canonicalValue } from '../../column-value.ts'
import type { Write } from '../../ports/store.ts'
import { checkedCell, checkStorable, checkWrite } from '../../row-check.ts'
import { appendKey } from './row-key.ts'
import type { TableLayout } from './catalog.ts'
import type { BinaryPart } from './thread-messages.ts'

/**
 * What a write is to the writer. FULL: a put of every column of the table, without nulls, at one time, which replaces what is older.
 * WHOLE: the same of some columns. MERGE: with nulls or times of cells: its text is `[row, writeTimes]`. DELETE has no text.
 */
export const WRITE_KINDS = { full: 0, whole: 1, merge: 2, delete: 3 } as const
export type WriteKind = (typeof WRITE_KINDS)[keyof typeof WRITE_KINDS]

/** `bytes`: key and text of each write. `meta`: per write table, kind, length of key, length of text, write time. */
export type WritePart = BinaryPart

export const META_FIELDS = 5

export interface PartSink extends ByteSink {
  count: number
  meta: Float64Array
}

/** The sink of about so many writes; it grows. */
export function createPartSink(writes: number): PartSink {
  // Not of the shared pool: its memory goes to another thread.
  const bytes = Buffer.allocUnsafeSlow(Math.max(1, writes) * ROW_BYTES_GUESS)
  return { bytes, length: 0, count: 0, meta: new Float64Array(Math.max(1, writes) * META_FIELDS) }
}

// An order with two lines and its key: most parts need not grow.
const ROW_BYTES_GUESS = 384

export function takePart(sink: PartSink): WritePart {
  return { count: sink.count, meta: sink.meta, bytes: sink.bytes }
}

/** STORE_ROW_INVALID where the write does not fit its table; what was appended before stays whole. */
export function appendWrite(sink: PartSink, layout: TableLayout, write: Write): void {
  if (write.kind === 'delete') {
    checkWrite(layout, write)
    const start = sink.length
    appendKey(sink, layout, write.key)
    endWrite(sink, layout, { kind: WRITE_KINDS.delete, start, keyEnd: sink.length, writeTime: write.writeTime })
    return
  }
  const { row, writeTime, writeTimes } = write
  const trusted = write.text !== undefined
  const kind = trusted ? filledKind(layout, row) : plainKind(layout, row)
  if (kind === null || writeTimes !== undefined || !(Number.isSafeInteger(writeTime) && writeTime >= 0)) {
    appendChecked(sink, layout, write)
    return
  }
  if (!trusted) checkStorable(layout, row)
  const start = sink.length
  appendKey(sink, layout, row)
  const keyEnd = sink.length
  appendText(sink, write.text ?? jsonText(row))
  endWrite(sink, layout, { kind, start, keyEnd, writeTime })
}

/** Of a row whose cells all have canonical values: whether every column of the table has one. Null: this has to be looked at closely. */
function plainKind(layout: TableLayout, row: Row): WriteKind | null {
  const names = Object.keys(row)
  let seen = 0
  for (const { name, type, inherited } of layout.columns) {
    const value = inherited && !Object.hasOwn(row, name) ? undefined : row[name]
    if (value === undefined) continue
    if (value === null || canonicalValue(type, value) !== value) return null
    seen += 1
  }
  if (seen !== names.length) return null
  return seen === layout.columns.length ? WRITE_KINDS.full : WRITE_KINDS.whole
}

/** Of a row that was checked before. */
function filledKind(layout: TableLayout, row: Row): WriteKind {
  let filled = 0
  for (const name of Object.keys(row)) if (row[name] !== undefined) filled += 1
  return filled === layout.columns.length ? WRITE_KINDS.full : WRITE_KINDS.whole
}

function appendChecked(sink: PartSink, layout: TableLayout, write: Write & { readonly kind: 'put' }): void {
  checkWrite(layout, write)
  const cells: [string, Value][] = []
  let nulls = false
  for (const name of Object.keys(write.row)) {
    const given = write.row[name]
    if (given === undefined) continue
    const value = checkedCell(layout, name, given)
    nulls ||= value === null
    cells.push([name, value])
  }
  // fromEntries defines properties, so that no name (not even __proto__) is special.
  const row: Row = Object.fromEntries(cells)
  const start = sink.length
  appendKey(sink, layout, row)
  const keyEnd = sink.length
  const merge = nulls || write.writeTimes !== undefined
  appendText(sink, merge ? jsonText([row, write.writeTimes ?? {}]) : jsonText(row))
  const kind = merge ? WRITE_KINDS.merge : filledKind(layout, row)
  endWrite(sink, layout, { kind, start, keyEnd, writeTime: write.writeTime })
}

function appendText(sink: PartSink, text: string): void {
  // At most three UTF-8 bytes for a UTF-16 unit.
  reserve(sink, text.length * 3)
  sink.length += sink.bytes.write(text, sink.length, 'utf8')
}

function endWrite(
  sink: PartSink,
  layout: TableLayout,
  write: { readonly kind: WriteKind; readonly start: number; readonly keyEnd: number; readonly writeTime: number },
): void {
  let at = sink.count * META_FIELDS
  if (at === sink.meta.length) {
    const larger = new Float64Array(sink.meta.length * 2)
    larger.set(sink.meta)
    sink.meta = larger
  }
  sink.meta[at++] = layout.id
  sink.meta[at++] = write.kind
  sink.meta[at++] = write.keyEnd - write.start
  sink.meta[at++] = sink.length - write.keyEnd
  sink.meta[at] = write.writeTime
  sink.count += 1
}

/** STORE_ROW_INVALID where the value is no JSON. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `A row has a value that is no JSON (${reason}): give JSON values.`
    throw new MeshgateError('STORE_ROW_INVALID', message, error)
  }
}
