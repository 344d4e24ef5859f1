// Second stage: what a batch of decoded records writes to every table, and the outcome of each record. Entities whose tables can
// disagree (`readsBase`) are merged in memory on the base rows read for the batch; the others are written as they come.
//
// The base table keeps every cell at its record's write time. A further table is a projection of the merged row: its rows are written
// whole, at the entity's stamp (see EntityState), and deleted at a stamp when the entity leaves their key. Every key that the entity
// passed through in the batch is cleared, since an earlier attempt at a shorter batch may have left it there.
import { cellOf, type Row, type Value } from '../schema/row.ts'
import { HIDDEN_COLUMNS } from '../schema/tables.ts'
import type { AppendRecord, RecordBatch } from '../platform/ports/event-log.ts'
import type { PutWrite, StoredRow, Write } from '../platform/ports/store.ts'
import { blindChange, changeTooLarge, mergedChange, type ChangeContext } from './change-record.ts'
import type { AcceptedRecord, DecodedRecord } from './decode-batch.ts'
import { tooLarge, type RejectedRecord } from './dead-letter/rejected-record.ts'
import type { EntityPlan, TablePlan } from './entity-plan.ts'
import {
  applyDelete,
  applyUpsert,
  memoryOf,
  noteMove,
  noteOrigin,
  openState,
  visibleRow,
  visibleText,
  type EntityState,
} from './entity-state.ts'
import { REDRIVE_HEADERS, splitPosition } from './source-position.ts'

export interface BatchPlan {
  /** To be durable first: further tables of entities that left a key there. */
  readonly first: readonly Write[]
  /** To be durable after `first`. */
  readonly rest: readonly Write[]
  /** A change per accepted record, in order. */
  readonly changes: readonly AppendRecord[]
  readonly rejected: readonly RejectedRecord[]
}

/** Keys of the base rows that the batch needs, by key text; none where the entity is written without reading. */
export function baseKeys(plan: EntityPlan, decoded: readonly DecodedRecord[]): ReadonlyMap<string, Row> {
  const keys = new Map<string, Row>()
  if (!plan.entity.readsBase) return keys
  for (const item of decoded) {
    if (item.kind !== 'rejected' && !keys.has(item.keyText)) keys.set(item.keyText, plan.base.rowOf(item.key))
  }
  return keys
}

export function planWrites(
  plan: EntityPlan,
  batch: RecordBatch,
  decoded: readonly DecodedRecord[],
  stored: ReadonlyMap<string, StoredRow | null>,
): BatchPlan {
  const rejected: RejectedRecord[] = []
  const accepted: AcceptedRecord[] = []
  for (const item of decoded) {
    if (item.kind === 'rejected') rejected.push(item)
    else if (changeTooLarge(item)) rejected.push(tooLarge(item.record))
    else accepted.push(item)
  }
  return plan.entity.readsBase
    ? { ...planMerged(plan, firstOffset(plan, batch), accepted, stored), rejected }
    : { ...planBlind(plan, accepted), rejected }
}

// One put or delete per table and record: the store's own merge by write time is all that is needed.
function planBlind(plan: EntityPlan, accepted: readonly AcceptedRecord[]): Omit<BatchPlan, 'rejected'> {
  const rest: Write[] = []
  const changes: AppendRecord[] = []
  for (const item of accepted) {
    const { row, key, writeTime } = item
    if (item.kind === 'delete') {
      rest.push({ kind: 'delete', table: plan.base.name, key: plan.base.rowOf(key), writeTime })
      changes.push(blindChange(plan, item, ''))
      continue
    }
    const text = JSON.stringify(row)
    rest.push(putOf(plan.base, row, text, writeTime))
    for (const table of plan.further) rest.push(putOf(table, row, text, writeTime))
    changes.push(blindChange(plan, item, text))
  }
  return { first: [], rest, changes }
}

/** A put of the entity's own cells. `text`: the row as JSON text. */
function putOf(table: TablePlan, row: Row, text: string, writeTime: number): PutWrite {
  if (!table.takesRows) return { kind: 'put', table: table.name, row: table.rowOf(row), writeTime }
  if (!isWhole(text)) return { kind: 'put', table: table.name, row, writeTime }
  return { kind: 'put', table: table.name, row, writeTime, text }
}

/** Whether the text can be given to the store: no null in it, which clears a cell, and no half of a surrogate pair, which only JSON has. */
function isWhole(text: string): boolean {
  return !text.includes(':null') && !text.includes('\\ud')
}

interface Place {
  readonly key: Row
  readonly text: string
}

/** An entity that the store does not have, and one record of it so far that has a value in every cell: most of a first load. */
interface Appeared {
  readonly kind: 'appeared'
  readonly item: AcceptedRecord
  readonly context: ChangeContext
}

function appearing(item: AcceptedRecord): Appeared | null {
  const { kind, row, writeTime } = item
  if (kind === 'delete' || writeTime === 0) return null
  for (const column in row) if (row[column] === null) return null
  const context = { before: null, beforeText: 'null', after: row, afterText: JSON.stringify(row), created: true }
  return { kind: 'appeared', item, context }
}

/** What merging the record onto nothing gives, without the merging. */
function appearedWrites(plan: EntityPlan, { item, context }: Appeared, into: Write[]): void {
  const { row, writeTime } = item
  const { position } = item.record
  for (const table of plan.further) {
    if (table.hasKey(row)) into.push(putOf(table, row, context.afterText, writeTime))
  }
  const { upsertedAt, origin } = HIDDEN_COLUMNS
  const hidden = { [upsertedAt]: String(writeTime), [origin]: position }
  const text = `${context.afterText.slice(0, -1)},${JSON.stringify(hidden).slice(1)}`
  into.push(putOf(plan.base, { ...row, ...hidden }, text, writeTime))
}

/** An entity in the batch, and where it is in each further table. */
interface Tracked {
  readonly kind: 'tracked'
  readonly state: EntityState
  readonly places: (Place | null)[]
  /** Per further table: keys left, with the stamp at which. */
  readonly left: Map<string, { readonly key: Row; readonly stamp: number }>[]
}

function planMerged(
  plan: EntityPlan,
  mayComeAgain: (position: string) => boolean,
  accepted: readonly AcceptedRecord[],
  stored: ReadonlyMap<string, StoredRow | null>,
): Omit<BatchPlan, 'rejected'> {
  const tracked = new Map<string, Tracked | Appeared>()
  const changes: AppendRecord[] = []
  for (const item of accepted) {
    const known = tracked.get(item.keyText)
    const row = known === undefined ? (stored.get(item.keyText) ?? null) : null
    const appeared = known === undefined && row === null ? appearing(item) : null
    if (appeared !== null) {
      tracked.set(item.keyText, appeared)
      changes.push(mergedChange(plan, item, appeared.context))
      continue
    }
    const entity = known?.kind === 'tracked' ? known : track(plan, openState(plan.shape, item.key, row))
    // What was told of the first record holds: its change is the one that merging gives too.
    if (known?.kind === 'appeared') applyRecord(plan, entity, known.item, mayComeAgain)
    if (entity !== known) tracked.set(item.keyText, entity)
    changes.push(applyRecord(plan, entity, item, mayComeAgain))
  }
  const first: Write[] = []
  const rest: Write[] = []
  for (const entity of tracked.values()) {
    if (entity.kind === 'appeared') {
      appearedWrites(plan, entity, rest)
      continue
    }
    // While the base still has the old row, a repetition finds out which keys were left. Where none was, any part of the writes may be
    // missing: a repetition finds the entity at the same keys, before and after.
    const left = entity.left.some((keys) => keys.size > 0)
    plan.further.forEach((table, index) => furtherWrites(table, entity, index, left ? first : rest))
    const put = basePut(plan, entity.state)
    if (put !== null) rest.push(put)
  }
  return { first, rest, changes }
}

function track(plan: EntityPlan, state: EntityState): Tracked {
  const row = visibleRow(state)
  return {
    kind: 'tracked',
    state,
    places: plan.further.map((table) => placeOf(table, row)),
    left: plan.further.map(() => new Map()),
  }
}

function placeOf(table: TablePlan, row: Row | null): Place | null {
  const key = row === null ? null : table.keyOf(row)
  return key === null ? null : { key, text: JSON.stringify(table.keyColumns.map((column) => key[column])) }
}

function applyRecord(
  plan: EntityPlan,
  entity: Tracked,
  item: AcceptedRecord,
  mayComeAgain: (position: string) => boolean,
): AppendRecord {
  const { state } = entity
  const { position, timestampUs } = item.record
  const held = visibleRow(state)
  const heldText = visibleText(state)
  const changed =
    item.kind === 'upsert'
      ? applyUpsert(state, item.row, item.writeTime)
      : applyDelete(state, item.writeTime, Math.floor(timestampUs / 1_000))
  const after = visibleRow(state)
  const appeared = held === null && after !== null
  if (appeared) noteOrigin(state, position, mayComeAgain)
  if (changed) {
    followMoves(plan, entity, after)
    const from = leftBy(plan, held, after)
    if (from !== null) noteMove(state, { position, from }, mayComeAgain)
  }
  // Of a repetition the row has its effect already: whom it left is known by the note alone.
  const move = changed ? undefined : state.moves.find((each) => each.position === position)
  const before = held === null || move === undefined ? held : { ...held, ...move.from }
  const beforeText = before === held ? heldText : JSON.stringify(before)
  const created = appeared || state.origin === position || state.origins.includes(position)
  return mergedChange(plan, item, { before, beforeText, after, afterText: visibleText(state), created })
}

/** What subscriptions selected the row by, where that is another now. */
function leftBy({ selectedBy }: EntityPlan, before: Row | null, after: Row | null): Row | null {
  if (before === null || after === null) return null
  const valueIn = (row: Row, column: string): Value => cellOf(row, column) ?? null
  if (selectedBy.every((column) => valueIn(before, column) === valueIn(after, column))) return null
  return Object.fromEntries(selectedBy.map((column) => [column, valueIn(before, column)]))
}

function followMoves(plan: EntityPlan, entity: Tracked, after: Row | null): void {
  plan.further.forEach((table, index) => {
    const from = entity.places[index] ?? null
    const to = placeOf(table, after)
    if (from !== null && from.text !== to?.text) {
      entity.left[index]?.set(from.text, { key: from.key, stamp: entity.state.stamp })
    }
    entity.places[index] = to
  })
}

function furtherWrites(table: TablePlan, entity: Tracked, index: number, into: Write[]): void {
  const { state } = entity
  for (const { key, stamp } of entity.left[index]?.values() ?? []) {
    into.push({ kind: 'delete', table: table.name, key, writeTime: stamp })
  }
  const row = visibleRow(state)
  if (row === null || (entity.places[index] ?? null) === null) return
  // A row here is deleted by a delete, not by a marker: it needs no hidden times to be visible.
  const whole: Record<string, Value> = { ...row }
  for (const column of state.shape.valueColumns.keys()) {
    // What a new entity never had needs no null. What an earlier attempt may have written does.
    if (cellOf(whole, column) === undefined && (!state.fresh || state.cells.has(column) || state.changed.has(column))) {
      whole[column] = null
    }
  }
  into.push({ kind: 'put', table: table.name, row: table.rowOf(whole), writeTime: state.stamp })
}

function basePut(plan: EntityPlan, state: EntityState): PutWrite | null {
  const { changed, key } = state
  const memory = memoryOf(state)
  if (state.memoryChanged || (changed.size > 0 && memory?.['stamp'] !== undefined)) {
    changed.set(HIDDEN_COLUMNS.memory, { value: memory, time: state.stamp })
  }
  if (changed.size === 0) return null
  let writeTime = 0
  for (const cell of changed.values()) writeTime = Math.max(writeTime, cell.time)
  const row: Record<string, Value> = { ...plan.base.rowOf(key) }
  let writeTimes: Record<string, number> | null = null
  for (const [column, cell] of changed) {
    row[column] = cell.value
    if (cell.time !== writeTime) (writeTimes ??= {})[column] = cell.time
  }
  const put: PutWrite = { kind: 'put', table: plan.base.name, row, writeTime }
  return writeTimes === null ? put : { ...put, writeTimes }
}

/** Tells positions that a redelivery may bring again: those of this partition from the batch's first on. */
function firstOffset(plan: EntityPlan, batch: RecordBatch): (position: string) => boolean {
  // Behind re-keying a batch mixes source partitions: nothing is known, everything may come again.
  if (plan.source.rekeyed) return () => true
  // A redriven record comes again with its batch, and its position lies far before.
  if (batch.records.some(({ headers }) => headers[REDRIVE_HEADERS.id] !== undefined)) return () => true
  const first = batch.records[0]?.offset ?? 0
  const partition = `${batch.topic}:${batch.partition}`
  return (position) => {
    const at = splitPosition(position)
    return at.partition === partition && at.offset >= first
  }
}
