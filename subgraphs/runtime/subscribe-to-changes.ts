// The source events of a subscription field: the rows of its snapshot where one is asked for, and changes of its entity, each with its row,
// its key and the cursor after it.
import type { SubscriptionOperation } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import type { Row, Value } from '../../schema/row.ts'
import { keyTextOf } from '../../schema/emit/record-key.ts'
import { topicNames } from '../../schema/topics.ts'
import { invariant } from '../../platform/errors.ts'
import { cursorContent, progressOf, type ChangeProgress } from './change-progress.ts'
import { currentSelection, filtersOf, matchesAll, selectChange, type Filter } from './change-selection.ts'
import { ChangeStream, type CaughtUp, type ChangeStreamOptions } from './change-stream.ts'
import type { Beginning } from './request-context.ts'
import { baseTable, pick, type ServedProduct } from './served-product.ts'
import { snapshotList, wholeRow } from './snapshot-list.ts'
import { SnapshotThenChanges, type SnapshotComplete } from './snapshot-then-changes.ts'
import { createTableReads, type TableReads } from './table-reads.ts'

export interface ChangeEvent {
  readonly key: string
  /** What the change wrote, and the key; null: the entity is gone. */
  readonly row: Row | null
  /** The entity as it is now; where it is gone by now, as the change left it: that it is gone is told by a later event. */
  current(): Promise<Row>
  readonly reads: TableReads
  /** Of the change in its topic; null: a row of a snapshot. */
  readonly at: readonly [partition: number, offset: number] | null
  /** After it. */
  readonly progress: ChangeProgress
}

/** What graphql-js takes as a source stream, and the runtime reads from. */
export interface ChangeEvents extends AsyncIterableIterator<ChangeEvent | StreamMark> {
  /** A cursor of that progress in this subscription. */
  cursorAt(progress: ChangeProgress): string
  readonly stream: ChangeStream | SnapshotThenChanges
}

/** What a stream says of itself. */
export type StreamMark = CaughtUp | SnapshotComplete

/** What of the change's row the record wrote, and the key. */
function writtenRow(key: readonly string[], change: Change): Row {
  const written: Record<string, Value> = {}
  for (const column of [...key, ...change.wrote]) {
    const value = Object.hasOwn(change.row, column) ? change.row[column] : undefined
    if (value !== undefined) written[column] = value
  }
  return written
}

interface StreamBeginning {
  readonly topic: string
  readonly filters: readonly Filter[]
  readonly from: ChangeProgress | null
  readonly snapshot: boolean
}

function openStream(
  served: ServedProduct,
  operation: SubscriptionOperation,
  { topic, filters, from, snapshot }: StreamBeginning,
): Promise<ChangeStream | SnapshotThenChanges> {
  const changes: ChangeStreamOptions = {
    log: served.log,
    topic,
    from,
    replayGate: served.replayGate,
    recentSources: served.recentSources(topic),
    select: (change) => selectChange(operation.on, filters, change),
  }
  const withSnapshot = from === null ? snapshot : from.reading !== undefined
  if (!withSnapshot) return ChangeStream.open(changes)
  const list = snapshotList(served, operation, filters)
  return SnapshotThenChanges.open({ changes, snapshot: list, filters, gate: served.snapshotGate })
}

export async function subscribeToChanges(
  served: ServedProduct,
  operation: SubscriptionOperation,
  args: Readonly<Record<string, Value>>,
  beginning: Beginning,
): Promise<ChangeEvents> {
  const { log, sealer, store, product } = served
  const entity = served.entity(operation.entity)
  invariant(entity.source !== null, `${entity.name} has a source`)
  const base = baseTable(served, entity)
  const topic = topicNames.changes(entity.source.topic)
  const filters = filtersOf(operation, args)
  const purpose = JSON.stringify(['subscription', product.domain, product.name, operation.name, filters])
  const cursorAt = (progress: ChangeProgress): string => sealer.seal(purpose, cursorContent(progress))
  const { cursor } = beginning
  const from = cursor === null ? null : progressOf(sealer.unseal(purpose, cursor), await log.partitions(topic))
  // A record that came late, written without a look at the row: only the store knows what of it is to be seen.
  const mayHaveLost = entity.source.version !== null
  const stream = await openStream(served, operation, { topic, filters, from, snapshot: beginning.snapshot })
  const keyText = keyTextOf(entity.key)

  async function nextEvent(): Promise<ChangeEvent | StreamMark | null> {
    for (;;) {
      const selected = await stream.next()
      if (selected === null || selected.kind === 'caughtUp' || selected.kind === 'snapshotComplete') return selected
      const reads = createTableReads(store)
      if (selected.kind === 'row') {
        const { progress } = selected
        const row = wholeRow(entity, selected.row)
        return { key: keyText(row), row, current: async () => row, reads, at: null, progress }
      }
      const { change, selection, at, progress } = selected
      const key = pick(change.row, entity.key)
      const current = async (): Promise<Row> => (await reads.get(base, key)) ?? change.row
      if (selection === 'unsure') {
        const now = await reads.get(base, key)
        if (now === null || !matchesAll(filters, { ...now, ...change.row })) continue
      }
      let row = selection === 'deleted' ? null : writtenRow(entity.key, change)
      if (mayHaveLost && change.before === undefined) {
        const now = await reads.get(base, key)
        const told = currentSelection(operation.on, filters, change, now)
        if (told === 'skip') continue
        if (told === 'deleted') row = null
        else if (now !== null) row = key
      }
      return { key: change.key, row, current, reads, at, progress }
    }
  }

  const events: ChangeEvents = {
    stream,
    cursorAt,
    async next() {
      const event = await nextEvent()
      return event === null ? { value: undefined, done: true } : { value: event, done: false }
    },
    async return() {
      await stream.close()
      return { value: undefined, done: true }
    },
    [Symbol.asyncIterator]: () => events,
  }
  return events
}
