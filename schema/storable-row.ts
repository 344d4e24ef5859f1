// Which rows a table can hold: keys and indexed values have sizes that Cassandra does not exceed. Known here, so that a record beyond
// them is rejected where it comes in, and both stores refuse the same rows.
import type { Row, Value } from './row.ts'
import { schemaLimits } from './schema-limits.ts'
import type { ColumnType, TableDefinition } from './tables.ts'

export interface StorableProblem {
  readonly kind: 'empty' | 'long'
  readonly column: string
  readonly message: string
}

/** Null where the row, or what is given of it, can be stored. Values are canonical. */
export type StorableCheck = (row: Row) => StorableProblem | null

/** Bytes in CQL of the types that always have as many. */
const FIXED_BYTES: Readonly<Partial<Record<ColumnType, number>>> = {
  int: 4,
  bigint: 8,
  double: 8,
  boolean: 1,
  timestamp: 8,
  date: 4,
  uuid: 16,
}
/** A UTF-16 unit takes at most three bytes of UTF-8; a decimal's digits less, and four bytes of scale. */
const UNIT_BYTES_MAX = 3
const DECIMAL_SCALE_BYTES = 4
/** A partition key of several columns frames each: two bytes of length, one behind. */
const FRAME_BYTES = 3

interface KeyPart {
  readonly name: string
  readonly type: ColumnType
}

interface SizedKey {
  readonly what: string
  readonly bytesMax: number
  readonly fixedBytes: number
  readonly variable: readonly KeyPart[]
}

export function compileStorableCheck(definition: TableDefinition): StorableCheck {
  const part = (name: string): KeyPart => ({
    name,
    type: definition.columns.find((column) => column.name === name)?.type ?? 'text',
  })
  const partition = definition.partitionKey.map(part)
  const clustering = definition.clusteringKey.map(({ column }) => part(column))
  const { partitionKeyBytesMax, clusteringKeyBytesMax, indexedValueBytesMax } = schemaLimits
  const of = `of table ${definition.name}`
  const frameBytes = partition.length === 1 ? 0 : FRAME_BYTES
  const sized = [
    sizedKey(partition, `the partition key ${of}`, { bytesMax: partitionKeyBytesMax, frameBytes }),
    sizedKey(clustering, `the clustering key ${of}`, { bytesMax: clusteringKeyBytesMax, frameBytes: 0 }),
    ...definition.indexes.map((name) =>
      sizedKey([part(name)], `the index on ${name} ${of}`, { bytesMax: indexedValueBytesMax, frameBytes: 0 }),
    ),
  ].filter(({ variable }) => variable.length > 0)
  const [only] = partition
  const neverEmpty = partition.length === 1 && only?.type === 'text' ? only.name : null
  return (row) => {
    if (neverEmpty !== null && row[neverEmpty] === '') {
      return { kind: 'empty', column: neverEmpty, message: `It must not be empty: it is the partition key ${of}.` }
    }
    for (const key of sized) {
      const problem = sizeProblem(key, row)
      if (problem !== null) return problem
    }
    return null
  }
}

function sizedKey(
  parts: readonly KeyPart[],
  what: string,
  { bytesMax, frameBytes }: { readonly bytesMax: number; readonly frameBytes: number },
): SizedKey {
  const fixedBytes = parts.reduce((sum, { type }) => sum + frameBytes + (FIXED_BYTES[type] ?? 0), 0)
  return { what, bytesMax, fixedBytes, variable: parts.filter(({ type }) => FIXED_BYTES[type] === undefined) }
}

function sizeProblem({ what, bytesMax, fixedBytes, variable }: SizedKey, row: Row): StorableProblem | null {
  let most = fixedBytes
  for (const { name } of variable) most += bytesAtMost(row[name])
  // Nearly always: nothing has to be counted.
  if (most <= bytesMax) return null
  let bytes = fixedBytes
  let longest = { column: variable[0]?.name ?? '', bytes: -1 }
  for (const { name, type } of variable) {
    const own = valueBytes(type, row[name])
    bytes += own
    if (own > longest.bytes) longest = { column: name, bytes: own }
  }
  if (bytes <= bytesMax) return null
  return {
    kind: 'long',
    column: longest.column,
    message: `Its ${longest.bytes} bytes make ${what} ${bytes} bytes long: at most ${bytesMax} can be stored.`,
  }
}

function bytesAtMost(value: Value | undefined): number {
  return typeof value === 'string' ? value.length * UNIT_BYTES_MAX + DECIMAL_SCALE_BYTES : 0
}

function valueBytes(type: ColumnType, value: Value | undefined): number {
  if (typeof value !== 'string') return 0
  return type === 'decimal' ? decimalBytes(value) : utf8Bytes(value)
}

/** Half of a surrogate pair is stored as U+FFFD, three bytes too. */
function utf8Bytes(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (isSurrogatePair(text, at)) {
      bytes += 4
      at += 1
    } else bytes += 3
  }
  return bytes
}

function isSurrogatePair(text: string, at: number): boolean {
  const [high, low] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000
}

/** Scale, then the digits as one integer in two's complement. */
function decimalBytes(text: string): number {
  const unscaled = BigInt(text.replace('.', ''))
  const bits = (unscaled < 0n ? -unscaled - 1n : unscaled).toString(2).length
  return DECIMAL_SCALE_BYTES + Math.floor(bits / 8) + 1
}
