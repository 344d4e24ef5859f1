// A log and a store in memory, as far as the stages of folds use them, whose calls end at once: an order of calls that a seed chose is the same
// in every run, and a thousand of them take a minute. The real ones are under the same stages in every other test.
import type { AppendRecord, EventLog, LogRecord, Position } from '../../../platform/ports/event-log.ts'
import type {
  ClusteringRange,
  PageRequest,
  RowPage,
  ScanRequest,
  Store,
  StoredRow,
  Write,
} from '../../../platform/ports/store.ts'
import { partitionOfKey } from '../../../platform/partitioner.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import type { Clock } from '../../../platform/ports/clock.ts'
import { cellOf, cellText, type Row, type Value } from '../../../schema/row.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import type { TopicDefinition } from '../../../schema/topics.ts'

/** Nothing else is asked of it. */
class MemoryLog {
  readonly timestampResolutionUs = 1
  readonly #topics = new Map<string, LogRecord[][]>()
  #lastUs = 0

  async createTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    for (const { name, partitions } of definitions) {
      if (!this.#topics.has(name))
        this.#topics.set(
          name,
          Array.from({ length: partitions }, () => []),
        )
    }
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]> {
    const partitions = this.#partitions(topic)
    return records.map(({ key, value, headers = {}, partition = partitionOfKey(key ?? EMPTY, partitions.length) }) => {
      const to = partitions[partition] ?? []
      this.#lastUs = Math.max(this.#lastUs + 1, Date.now() * 1_000)
      to.push({ offset: to.length, timestampUs: this.#lastUs, key, value, headers })
      return { topic, partition, offset: to.length - 1 }
    })
  }

  async offsets(topic: string): ReturnType<EventLog['offsets']> {
    return this.#partitions(topic).map(({ length }, partition) => ({ partition, earliest: 0, next: length }))
  }

  async read({ topic, partition, offset }: Position, recordsMax: number): Promise<readonly LogRecord[]> {
    return (this.#partitions(topic)[partition] ?? []).slice(offset, offset + recordsMax)
  }

  /** Nobody consumes by groups here. */
  async committed(_group: string, topic: string): Promise<readonly (number | null)[]> {
    return this.#partitions(topic).map(() => null)
  }

  #partitions(topic: string): LogRecord[][] {
    const found = this.#topics.get(topic)
    if (found === undefined) throw new Error(`There is no topic ${topic}.`)
    return found
  }
}

interface Cell {
  readonly value: Value
  readonly writeTime: number
}

interface Kept {
  readonly key: Row
  putAt: number
  deletedAt: number
  readonly cells: Map<string, Cell>
}

interface Table {
  readonly keyColumns: readonly string[]
  readonly partitionKey: readonly string[]
  readonly rows: Map<string, Kept>
}

class MemoryStore {
  readonly #tables = new Map<string, Table>()

  async migrate(tables: readonly TableDefinition[]): Promise<void> {
    for (const { name, partitionKey, clusteringKey } of tables) {
      if (this.#tables.has(name)) continue
      const keyColumns = [...partitionKey, ...clusteringKey.map(({ column }) => column)]
      this.#tables.set(name, { keyColumns, partitionKey, rows: new Map() })
    }
  }

  async write(writes: readonly Write[]): Promise<void> {
    for (const write of writes) this.#apply(write)
  }

  async writeAtomic(writes: readonly Write[]): Promise<void> {
    for (const write of writes) this.#apply(write)
  }

  async read(table: string, keys: readonly Row[], { writeTimes = false } = {}): Promise<(StoredRow | null)[]> {
    const { keyColumns, rows } = this.#table(table)
    return keys.map((key) => {
      const kept = rows.get(keyOf(key, keyColumns))
      if (kept === undefined || !exists(kept)) return null
      const cells = visibleCells(kept)
      const times = Object.fromEntries(cells.map(([name, { writeTime }]) => [name, writeTime]))
      return { row: rowOf(kept), ...(writeTimes ? { writeTimes: times } : {}) }
    })
  }

  /** Bounds are those of a text. */
  async page(table: string, { partition, limit, after, range = {} }: PageRequest): Promise<RowPage> {
    const { keyColumns, partitionKey } = this.#table(table)
    const key = after === undefined ? null : keyOf({ ...partition, ...after }, keyColumns)
    return this.#rowsAfter(table, key, { limit, of: keyOf(partition, partitionKey).slice(0, -1), range })
  }

  async scan(table: string, { limit, after }: ScanRequest): Promise<RowPage> {
    const { keyColumns } = this.#table(table)
    return this.#rowsAfter(table, after === undefined ? null : keyOf(after, keyColumns), { limit, of: '', range: {} })
  }

  #rowsAfter(
    table: string,
    after: string | null,
    { limit, of, range }: { readonly limit: number; readonly of: string; readonly range: ClusteringRange },
  ): RowPage {
    const found = [...this.#table(table).rows]
      .filter(([key, kept]) => key.startsWith(of) && (after === null || key > after) && exists(kept))
      .filter(([, kept]) => isWithin(range, rowOf(kept)))
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
    return { rows: found.slice(0, limit).map(([, kept]) => rowOf(kept)), more: found.length > limit }
  }

  #apply(write: Write): void {
    const { keyColumns, rows } = this.#table(write.table)
    const given = write.kind === 'put' ? write.row : write.key
    const name = keyOf(given, keyColumns)
    const key = Object.fromEntries(keyColumns.map((column) => [column, cellOf(given, column) ?? null]))
    const kept = rows.get(name) ?? { key, putAt: -1, deletedAt: -1, cells: new Map<string, Cell>() }
    rows.set(name, kept)
    if (write.kind === 'delete') {
      kept.deletedAt = Math.max(kept.deletedAt, write.writeTime)
      return
    }
    kept.putAt = Math.max(kept.putAt, write.writeTime)
    const row = write.text === undefined ? write.row : (JSON.parse(write.text) as Row)
    for (const [column, value] of Object.entries(row)) {
      if (keyColumns.includes(column)) continue
      const cell = { value: structuredClone(value), writeTime: write.writeTimes?.[column] ?? write.writeTime }
      const before = kept.cells.get(column)
      if (before === undefined || wins(cell, before)) kept.cells.set(column, cell)
    }
  }

  #table(name: string): Table {
    const found = this.#tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }
}

const EMPTY = new Uint8Array()

/** Text of the key's values: those of a partition begin alike, and lie in the order of the clustering key as far as the tables here need it. */
function keyOf(row: Row, columns: readonly string[]): string {
  return columns.map((column) => `${JSON.stringify(cellOf(row, column))}\n`).join('')
}

function wins(cell: Cell, before: Cell): boolean {
  if (cell.writeTime !== before.writeTime) return cell.writeTime > before.writeTime
  if (before.value === null) return false
  return cell.value === null || JSON.stringify(cell.value) > JSON.stringify(before.value)
}

function exists({ putAt, deletedAt }: Kept): boolean {
  return putAt > deletedAt
}

function visibleCells({ cells, deletedAt }: Kept): [string, Cell][] {
  return [...cells].filter(([, { value, writeTime }]) => value !== null && writeTime > deletedAt)
}

function rowOf(kept: Kept): Row {
  return structuredClone({
    ...kept.key,
    ...Object.fromEntries(visibleCells(kept).map(([name, { value }]) => [name, value])),
  })
}

/** As the ports that they stand for: what they lack fails where it is called. */
export function memoryPorts(): { readonly log: EventLog; readonly store: Store; readonly clock: Clock } {
  return {
    log: new MemoryLog() as unknown as EventLog,
    store: new MemoryStore() as unknown as Store,
    clock: systemClock,
  }
}

function isWithin({ lower, upper }: ClusteringRange, row: Row): boolean {
  const isAbove = lower === undefined || cellText(row[lower.column]) >= String(lower.value)
  return isAbove && (upper === undefined || cellText(row[upper.column]) < String(upper.value))
}
