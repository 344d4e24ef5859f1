// One record of the fault suite as its source sends it: what happened to an entity, in the envelope and under the key of its product, or
// broken in one of the ways in which sources break records.
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import type { FaultProduct } from './fault-products.ts'

type Random = (below: number) => number
type Cells = Record<string, unknown>

/** What happened: cells, or a delete. Absent cells are not sent. */
export interface Happening {
  readonly id: string
  /** Numbers the happenings of a product; the version is made of it. */
  readonly version: number
  readonly cells: Readonly<Cells> | null
  /** The customer that keys the message, where customers key it. */
  readonly customerId: string
}

/** Versions are this moment and some microseconds: before any append, as a source's times are. */
const EPOCH_MS = Date.UTC(2024, 0, 1)

export const BREAKAGES = ['NOT_JSON', 'CHECK', 'MISSING', 'TYPE', 'VERSION', 'NO_KEY', 'OTHER_KEY', 'AHEAD'] as const
export type Breakage = (typeof BREAKAGES)[number]

export function makeRecord(product: FaultProduct, happening: Happening): AppendRecord {
  const { id, cells, customerId } = happening
  const key = Buffer.from(product.keyField === 'id' ? id : customerId)
  const versioned = { id, ...versionCell(product, happening.version) }
  if (cells === null && product.envelope === 'NONE') return { key, value: null }
  const record = cells === null ? { ...versioned, customerId } : { ...versioned, ...cells }
  return { key, value: json(wrapped(product, cells === null ? 'd' : 'u', record)) }
}

/** The record broken, so that it must be rejected; or whole, where this cannot break a record of the product. */
export function breakRecord(product: FaultProduct, record: AppendRecord, breakage: Breakage): AppendRecord {
  if (record.value === null) return record
  const content = JSON.parse(Buffer.from(record.value).toString()) as Cells
  const isDelete = content['op'] === 'd'
  const cells = (product.envelope === 'DEBEZIUM' ? content[isDelete ? 'before' : 'after'] : content) as Cells
  const withCells = (changed: Cells): AppendRecord =>
    isDelete ? record : { ...record, value: json(wrapped(product, 'u', { ...cells, ...changed })) }
  switch (breakage) {
    case 'NOT_JSON':
      return { ...record, value: Buffer.from(record.value).subarray(0, record.value.length - 1) }
    case 'CHECK':
      return withCells({ amount: '-1' })
    case 'MISSING':
      return withCells({ rank: null })
    case 'TYPE':
      return withCells({ serial: 'many' })
    case 'VERSION':
      return product.version === null ? record : withCells({ [product.version.field]: 'soon' })
    case 'AHEAD':
      return product.version?.kind === 'TIME' ? withCells({ updatedAt: '2150-01-01T00:00:00.000001Z' }) : record
    case 'NO_KEY':
      return product.merged && product.keyField === 'id' ? { ...record, key: null, partition: 0 } : record
    case 'OTHER_KEY':
      return isDelete ? record : { ...record, key: Buffer.from('somebody-else') }
  }
}

function versionCell({ version }: FaultProduct, number: number): Cells {
  if (version === null) return {}
  if (version.kind === 'SEQUENCE') return { [version.field]: String(number) }
  const ms = new Date(EPOCH_MS + Math.floor(number / 1_000)).toISOString()
  // Every digit down to the microsecond: nothing is left for a hash to fill.
  return { [version.field]: ms.replace('Z', `${String(number % 1_000).padStart(3, '0')}Z`) }
}

function wrapped({ envelope }: FaultProduct, op: 'u' | 'd', record: Cells): Cells {
  if (envelope === 'NONE') return record
  return op === 'd' ? { op, before: record } : { op, after: record }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Cells of an upsert: everything, or what a partial record happens to have. */
export function makeCells(
  product: FaultProduct,
  serial: number,
  place: { readonly customerId: string; readonly rank: number },
  random: Random,
): Cells {
  const cells: Cells = {
    serial,
    ...place,
    note: random(5) === 0 ? null : `note ${serial} ${'é'.repeat(random(6))}`,
    amount: random(6) === 0 ? null : `${random(1_000)}${random(2) === 0 ? '' : `.${1 + random(9)}`}`,
    lines: Array.from({ length: random(3) }, (_, line) => ({
      productId: `p${random(50)}`,
      quantity: line + 1 + random(9),
    })),
  }
  if (random(8) === 0) delete cells['note']
  if (!product.partial) return cells
  for (const column of Object.keys(cells)) if (column !== 'serial' && random(2) === 0) delete cells[column]
  return cells
}
