// Compares what an observer was told with the changes topic, from which repetitions are taken out naively: each change once, those of an entity
// in order, and folded they are the table.
import type { Change } from '../../schema/record.ts'
import { cellText, type Row } from '../../schema/row.ts'
import { compareRows, listed } from './compare-rows.ts'
import type { FaultProduct } from './fault-products.ts'
import { toldColumns, type ObservedEvent, type Observer } from './observer.ts'

/** A change as it lies in the changes topic. */
export interface ToldChange {
  readonly partition: number
  readonly change: Change
}

export function checkObserver(observer: Observer, changes: readonly ToldChange[], rows: readonly Row[]): string[] {
  const { product, events, failures } = observer
  const due = byEntity(onceEach(changes))
  const told = new Map<string, ObservedEvent[]>()
  for (const event of events) told.set(event.key, [...(told.get(event.key) ?? []), event])
  const found: string[] = []
  for (const key of new Set([...due.keys(), ...told.keys()])) {
    const problem = compareEntity(product, told.get(key) ?? [], due.get(key) ?? [])
    if (problem !== null) found.push(`${key} ${problem}`)
  }
  return [
    ...listed('the observer failed', failures),
    ...listed('told changes', found),
    ...listed('rows older than the change that was told', observer.stale),
    ...listed('rows not found behind a change', lostAtOnce(observer)),
    ...compareRows(
      'what was folded from the events',
      folded(events),
      rows.map((row) => only(product, row)),
    ),
  ]
}

/** What was looked up behind an event and not there, though no later event says that it is gone. */
function lostAtOnce({ events, notFound }: Observer): string[] {
  return notFound.flatMap((at) => {
    const key = events[at]?.key
    const isGone = events.slice(at + 1).some((event) => event.key === key && event.row === null)
    return isGone ? [] : [`${key ?? ''} behind event ${at}`]
  })
}

/** The first of each source position and generation. */
function onceEach(changes: readonly ToldChange[]): Change[] {
  const seen = new Set<string>()
  return changes.flatMap(({ change }) => {
    const identity = `${change.source}@${change.generation}`
    if (seen.has(identity)) return []
    seen.add(identity)
    return [change]
  })
}

function byEntity(changes: readonly Change[]): Map<string, Change[]> {
  const entities = new Map<string, Change[]>()
  for (const change of changes) entities.set(change.key, [...(entities.get(change.key) ?? []), change])
  return entities
}

function compareEntity(product: FaultProduct, told: readonly ObservedEvent[], due: readonly Change[]): string | null {
  if (told.length !== due.length) return `has ${due.length} changes and was told ${told.length}`
  for (const [index, change] of due.entries()) {
    const row = told[index]?.row ?? null
    const at = `in change ${index + 1} of ${due.length} (${change.source})`
    if ((row === null) !== (change.op === 'DELETE')) return `was told ${row === null ? 'gone' : 'there'} ${at}`
    if (row === null) continue
    // Written without a look at the row: what of a late record is to be seen only the store knows, so the row is told as it is.
    if (!product.merged && product.version !== null) {
      const { field } = product.version
      const [held, wanted] = [cellText(row[field]), cellText(change.row[field])]
      if (held < wanted) return `was told ${field} ${held} for ${wanted} ${at}`
      continue
    }
    for (const column of toldColumns(product)) {
      // What a change did not write, or what a newer clearing took away, is told as it is by then.
      if (!change.wrote.includes(column) || !Object.hasOwn(change.row, column)) continue
      const [held, wanted] = [JSON.stringify(row[column] ?? null), JSON.stringify(change.row[column] ?? null)]
      if (held !== wanted) return `was told ${column} ${held} for ${wanted} ${at}`
    }
  }
  return null
}

function folded(events: readonly ObservedEvent[]): Row[] {
  const rows = new Map<string, Row>()
  for (const { key, row } of events) {
    if (row === null) rows.delete(key)
    else rows.set(key, row)
  }
  return [...rows.values()].map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

/** The row's columns that an observer asks for. */
function only(product: FaultProduct, row: Row): Row {
  const told = toldColumns(product)
  return Object.fromEntries(Object.entries(row).filter(([column]) => told.includes(column)))
}
