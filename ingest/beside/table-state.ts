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
  /** Of the build, by part. */
  readonly parts: ReadonlyMap<string, PartState>
}

export const FIRST_STATE: TablesState = {
  version: 0,
  id: '',
  live: FIRST_GENERATION,
  newest: FIRST_GENERATION,
  building: null,
  kept: null,
  retired: [],
  dropping: [],
}

export const FIRST_TABLES: ProductTables = { state: FIRST_STATE, parts: new Map() }

interface PartOf {
  readonly product: string
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
    const same = record.state.building?.generation === state.building?.generation
    return { state: record.state, parts: same ? parts : new Map() }
  }
  if (state.building?.generation !== record.generation) return before
  const part = parts.get(record.part)
  if (record.kind === 'claim') {
    return { state, parts: new Map(parts).set(record.part, { owner: record.owner, mark: part?.mark ?? null }) }
  }
  if (part?.owner !== record.owner) return before
  return { state, parts: new Map(parts).set(record.part, { owner: record.owner, mark: record.mark }) }
}

/** Of topic and partition, or of an entity's scan. */
export const partId = {
  partition: (topic: string, partition: number): string => `${topic}:${partition}`,
  scan: (entity: string): string => `scan:${entity}`,
} as const

export function isFilled({ state: { building }, parts }: ProductTables): boolean {
  return building !== null && building.parts.every((part) => parts.get(part)?.mark?.ready === true)
}
