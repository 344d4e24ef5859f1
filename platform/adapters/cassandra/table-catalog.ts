// The store's own table in its keyspace: definitions of the tables it keeps, the lock of migrations, secrets that processes share. All of
// it is written by lightweight transactions and read serially: it is the same for everybody, whatever their clocks say.
import { createHash } from 'node:crypto'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import type { CassandraClient } from './cassandra-client.ts'

export const CATALOG_TABLE = 'meshgate_catalog'

type CatalogKind = 'table' | 'lock' | 'secret'

/** What a conditional write found: that it was applied, or the value that was there (null: none). */
export type Outcome = { readonly applied: true } | { readonly applied: false; readonly found: string | null }

/**
 * The table's id follows from its name: two nodes that make it at the same time make the same table. By ids of their own they would make
 * two, of which one is lost with what was written to it.
 */
export function createCatalog(keyspace: string): string {
  const hash = createHash('sha256').update(`${keyspace}.${CATALOG_TABLE}`).digest('hex')
  const id = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ]
  return (
    `CREATE TABLE IF NOT EXISTS ${cqlIdentifier(keyspace)}.${CATALOG_TABLE} ` +
    `(kind text, name text, value text, PRIMARY KEY ((kind), name)) WITH ID = ${id.join('-')}`
  )
}

export class TableCatalog {
  readonly #client: CassandraClient
  readonly #table: string

  constructor(client: CassandraClient, keyspace: string) {
    this.#client = client
    this.#table = `${cqlIdentifier(keyspace)}.${CATALOG_TABLE}`
  }

  /** A query that a store that works answers. */
  get probe(): string {
    return `SELECT name FROM ${this.#table} WHERE kind = 'table' LIMIT 1`
  }

  /** Every table that the store keeps, by name. */
  async tables(): Promise<ReadonlyMap<string, TableDefinition>> {
    const found = await this.#client.serial(`SELECT name, value FROM ${this.#table} WHERE kind = 'table'`, [])
    // What saveTable wrote.
    return new Map(found.rows.map((row) => [String(row['name']), JSON.parse(String(row['value'])) as TableDefinition]))
  }

  /** Puts a definition in the place of `before`; whether it is there then, and nobody was faster with another. May be repeated. */
  async saveTable(definition: TableDefinition, before: TableDefinition | undefined): Promise<boolean> {
    const value = JSON.stringify(definition)
    const { name } = definition
    const outcome =
      before === undefined
        ? await this.insert('table', name, { value })
        : await this.replace('table', name, { value, before: JSON.stringify(before) })
    return outcome.applied || outcome.found === value
  }

  async value(kind: CatalogKind, name: string): Promise<string | null> {
    const found = await this.#client.serial(`SELECT value FROM ${this.#table} WHERE kind = ? AND name = ?`, [
      kind,
      name,
    ])
    const [row] = found.rows
    return row === undefined ? null : String(row['value'])
  }

  /** Writes the value where there is none. */
  insert(kind: CatalogKind, name: string, write: { value: string; ttlSeconds?: number }): Promise<Outcome> {
    const query = `INSERT INTO ${this.#table} (kind, name, value) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`
    return this.#conditional(query, [kind, name, write.value, write.ttlSeconds ?? 0])
  }

  /** Writes the value where `before` is there. */
  replace(
    kind: CatalogKind,
    name: string,
    write: { value: string; before: string; ttlSeconds?: number },
  ): Promise<Outcome> {
    const query = `UPDATE ${this.#table} USING TTL ? SET value = ? WHERE kind = ? AND name = ? IF value = ?`
    return this.#conditional(query, [write.ttlSeconds ?? 0, write.value, kind, name, write.before])
  }

  /** Removes the value where it is this one. */
  remove(kind: CatalogKind, name: string, value: string): Promise<Outcome> {
    const query = `DELETE FROM ${this.#table} WHERE kind = ? AND name = ? IF value = ?`
    return this.#conditional(query, [kind, name, value])
  }

  async #conditional(query: string, params: readonly unknown[]): Promise<Outcome> {
    const result = await this.#client.serial(query, params)
    const [row] = result.rows
    if (row?.['[applied]'] === true) return { applied: true }
    const found: unknown = row?.['value']
    return { applied: false, found: typeof found === 'string' ? found : null }
  }
}
