// What the topic `mesh.tables` says of a product's tables, folded from its records in their order: which generations are written, which is
// read, and who fills the parts of a new one. Pure.
//
// A state names the version before it; of two that name the same the first in the log holds, so whoever proposes one reads on to see. Every
// state has a key of its own: compaction must not take the one that held. A part of a build (a partition to fill, a scan to do) belongs to
// whoever claimed it last, and only marks of that owner count: a member that lost its partition cannot say any more that it is filled.
import { FIRST_GENERATION } from '../../platform/table-generations.ts'
import type { AppendRecord, LogRecord } from '../../platform/ports/event-log.ts'

export interface Building {
  readonly generation: number
  /** Of the request: whoever asks again after an outage finds that it holds already. */
  readonly id: string
  /** `topic`: from the first record on. `scan`: from the live tables, then the topic from where it stood. */
  readonly seed: 'topic' | 'scan'
  /** `filling`: whoever has filled a part writes it. `writing`: everybody writes the new tables too. */
  readonly phase: 'filling' | 'writing'
  /** Parts that must be filled, by id. */
  readonly parts: readonly string[]
  /** Why it cannot go on, where that is so; it is then to be abandoned. */
  readonly failed: string | null
  readonly requestedAtMs: number
}

export interface DeclaredTable {
  readonly name: string
  /** First table of its entity. */
  readonly base: string
  readonly entity: string
}

/** What the newest version of the product that was ever ingested declares. */
export interface Declared {
  readonly version: string
  readonly tables: readonly DeclaredTable[]
  /** Base tables that are read before they are written. */
  readonly readsBase: readonly string[]
  /** Names of tables that versions before had, with rows of then. */
  readonly former: readonly string[]
}

/** Further tables that a version added, filled from base rows that are there. */
export interface Adding {
  /** Of the work, below 0: generations are above. */
  readonly number: number
  readonly tables: readonly DeclaredTable[]
  /** Partitions that processes must have which write the tables; whoever had them before has ended its batches then. */
  readonly partitions: readonly string[]
  /** The same, and scans that must be done. */
  readonly parts: readonly string[]
  /** `handing-over`: processes of versions before end their batches. `seeding`: every batch writes the tables, rows from before are copied. */
  readonly phase: 'handing-over' | 'seeding'
  readonly requestedAtMs: number
}

export interface TablesState {
  /** Counts the states of the product. */
  readonly version: number
  /** Tells it from others that were proposed for the same version. */
  readonly id: string
  /** The generation that is read. */
  readonly live: number
  /** The greatest number that any generation has had: none is used twice. */
  readonly newest: number
  readonly building: Building | null
  /** The former generation, while readers may still read it: written like the live one. */
  readonly kept: number | null
  /** Neither written nor read any more. */
  readonly retired: readonly number[]
  /** To be dropped as soon as nobody can be using them. */
  readonly dropping: readonly number[]
  /** Null while nobody has said. */
  readonly declared: Declared | null
  /** Never while `building` or `kept` is. */
  readonly adding: Adding | null
}

/** How far a part is. */
export interface PartMark {
  readonly ready: boolean
  readonly progress: unknown
}

export interface PartState {
  /** Who claimed it last. */
  readonly owner: string
  /** The last word of the owner, or of the one before while this one has said nothing. */
  readonly mark: PartMark | null
}

export interface ProductTables {
  readonly state: TablesState
  /** Of what is being filled, by part. */
  readonly parts: ReadonlyMap<string, PartState>
}

const FIRST_STATE: TablesState = {
  version: 0,
  id: '',
  live: FIRST_GENERATION,
  newest: FIRST_GENERATION,
  building: null,
  kept: null,
  retired: [],
  dropping: [],
  declared: null,
  adding: null,
}

export const FIRST_TABLES: ProductTables = { state: FIRST_STATE, parts: new Map() }

interface PartOf {
  readonly product: string
  /** Or the number of another work. */
  readonly generation: number
  readonly part: string
  readonly owner: string
}

export type TablesRecord =
  | { readonly kind: 'state'; readonly product: string; readonly state: TablesState }
  | ({ readonly kind: 'claim' } & PartOf)
  | ({ readonly kind: 'mark'; readonly mark: PartMark } & PartOf)

export function tablesAppend(record: TablesRecord): AppendRecord {
  return { key: Buffer.from(keyOf(record)), value: Buffer.from(JSON.stringify(record)) }
}

function keyOf(record: TablesRecord): string {
  if (record.kind === 'state') return ['state', record.product, record.state.version, record.state.id].join(' ')
  const { kind, product, generation, part, owner } = record
  return [kind, product, generation, part, ...(kind === 'mark' ? [owner] : [])].join(' ')
}

/** Takes one more record in; gives the product that it concerns. */
export function foldTables(tables: Map<string, ProductTables>, { value }: LogRecord): string | null {
  if (value === null) return null
  const record = JSON.parse(Buffer.from(value).toString()) as TablesRecord
  const before = tables.get(record.product) ?? FIRST_TABLES
  tables.set(record.product, after(before, record))
  return record.product
}

function after(before: ProductTables, record: TablesRecord): ProductTables {
  const { state, parts } = before
  if (record.kind === 'state') {
    if (record.state.version !== state.version + 1) return before
    // Earlier software did not write all of it.
    const next = { ...FIRST_STATE, ...record.state }
    return { state: next, parts: workOf(next)?.number === workOf(state)?.number ? parts : new Map() }
  }
  if (workOf(state)?.number !== record.generation) return before
  const part = parts.get(record.part)
  if (record.kind === 'claim') {
    return { state, parts: new Map(parts).set(record.part, { owner: record.owner, mark: part?.mark ?? null }) }
  }
  if (part?.owner !== record.owner) return before
  return { state, parts: new Map(parts).set(record.part, { owner: record.owner, mark: record.mark }) }
}

export function isHandedOver({ state: { adding }, parts }: ProductTables): boolean {
  return adding !== null && adding.partitions.every((part) => parts.get(part)?.mark?.ready === true)
}

/** Of topic and partition, or of an entity's scan. */
export const partId = {
  partition: (topic: string, partition: number): string => `${topic}:${partition}`,
  scan: (entity: string): string => `scan:${entity}`,
} as const

/** What is being filled: a generation, or further tables. */
export function workOf({ building, adding }: TablesState): { number: number; parts: readonly string[] } | null {
  if (building !== null) return { number: building.generation, parts: building.parts }
  return adding
}

export function isFilled({ state, parts }: ProductTables): boolean {
  const work = workOf(state)
  return work !== null && work.parts.every((part) => parts.get(part)?.mark?.ready === true)
}
