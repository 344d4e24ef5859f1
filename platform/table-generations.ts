// Generations of a product's tables: the same tables once more under other names, filled beside those that are read, until readers change
// over. Generation 1 has the names that the product declares. Which one is read stands in the store itself (a row per product), so that a
// reader that reaches its rows also reaches the word on which rows to read.
import { createHash } from 'node:crypto'
import type { Product } from '../schema/model.ts'
import { schemaLimits } from '../schema/schema-limits.ts'
import type { TableDefinition } from '../schema/tables.ts'
import { limits } from './limits.ts'

/** What waits for what while readers and writers change over; units are milliseconds. */
export interface TableTimings {
  /** Nobody acts on a look at the generations that is older. */
  readonly leaseMs: number
  /** A look that is older is renewed at the next chance. */
  readonly refreshMs: number
  /** From one step of a change-over to the next: whoever acts then has seen the former. */
  readonly stepWaitMs: number
  /** How long the former generation is written after the switch. */
  readonly graceMs: number
  /** Between two rounds of the work that builds. */
  readonly pollMs: number
}

export const defaultTableTimings: TableTimings = {
  leaseMs: limits.tableLeaseMs,
  refreshMs: limits.tableRefreshMs,
  stepWaitMs: limits.tableStepWaitMs,
  graceMs: limits.tableSwitchGraceMs,
  pollMs: limits.tablePollMs,
}

/**
 * What is read, by product (`domain/name`): the generation, and the tables that have every row. Those that are being filled have `seeded`
 * rows. Capitals: no product's table may be called so.
 */
export const GENERATIONS_TABLE: TableDefinition = {
  name: 'mesh_TableGenerations',
  owner: 'mesh/table-generations',
  columns: [
    { name: 'product', cqlName: 'product', type: 'text' },
    { name: 'live', cqlName: 'live', type: 'int' },
    { name: 'whole', cqlName: 'whole', type: 'json' },
    { name: 'seeded', cqlName: 'seeded', type: 'int' },
  ],
  partitionKey: ['product'],
  clusteringKey: [],
  ttlMs: null,
  indexes: [],
}

export const FIRST_GENERATION = 1

const HASH_DIGITS = 8

/** The table's name in a generation. Products' tables are in small letters, so no other table can have it. */
export function generationTable(name: string, generation: number): string {
  if (generation === FIRST_GENERATION) return name
  const suffix = `_G${generation}`
  if (name.length + suffix.length <= schemaLimits.tableNameCharactersMax) return `${name}${suffix}`
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)
  const kept = schemaLimits.tableNameCharactersMax - suffix.length - HASH_DIGITS - 1
  return `${name.slice(0, kept)}_${hash}${suffix}`
}

export function tablesOfGeneration(tables: readonly TableDefinition[], generation: number): readonly TableDefinition[] {
  return tables.map((table) => ({ ...table, name: generationTable(table.name, generation) }))
}

export function productKey({ domain, name }: Pick<Product, 'domain' | 'name'>): string {
  return `${domain}/${name}`
}
