// The tables of an entity: names, keys that hold the entity's key, buckets that reads can walk, TTL and indexes.
import type { ASTNode } from 'graphql'
import type { Table } from '../model.ts'
import { argumentPlace, directivesOf, itemPlace, optionalTextOf, textOf, textsOf } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { schemaLimits } from '../schema-limits.ts'
import { durationOf } from './source.ts'
import { findValueField, shapeTypeText, snakeCase, type TypeShape } from './shapes.ts'
import { compileTableKey, type TableKey } from './table-keys.ts'

export interface EntityTables {
  readonly tables: readonly Table[]
  /** False where a table is missing from `tables` because it is broken: what no table serves might be served by that one. */
  readonly complete: boolean
  /** Names of all tables, broken ones too. */
  readonly names: readonly string[]
}

const TABLE_NAME = /^[a-z][a-z0-9_]*$/

/** Fields of both keys that stand as columns of their own, in order, without buckets. */
export function keyColumns(table: TableKey): readonly string[] {
  const partition = table.partitionKey.filter((part) => part.bucket === null).map((part) => part.field)
  return [...partition, ...table.clusteringKey.map((part) => part.field)]
}

function checkName(directive: Directive, reporter: Reporter): void {
  const name = textOf(directive, 'name')
  if (TABLE_NAME.test(name) && name.length <= schemaLimits.tableNameCharactersMax) return
  const proposal = snakeCase(name)
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, schemaLimits.tableNameCharactersMax)
  const message = `The table's name "${name}" is not snake case of at most ${schemaLimits.tableNameCharactersMax} characters.`
  const fix = proposal === '' ? 'Write e.g. "orders_by_customer".' : `Write "${proposal}".`
  reporter.error('NAME_INVALID', argumentPlace(directive, 'name'), message, fix)
}

function checkRepeats(directive: Directive, key: TableKey, reporter: Reporter): boolean {
  const columns = keyColumns(key)
  const repeated = columns.find((column, index) => columns.indexOf(column) !== index)
  if (repeated === undefined) return true
  const message = `The key of the table "${textOf(directive, 'name')}" has "${repeated}" twice.`
  reporter.error('TABLE_KEY_SYNTAX', directive.node, message, 'Name it once.')
  return false
}

function checkBuckets(directive: Directive, key: TableKey, reporter: Reporter): boolean {
  const buckets = key.partitionKey.filter((part) => part.bucket !== null)
  const [bucket, second] = buckets
  if (bucket === undefined) return true
  const name = textOf(directive, 'name')
  const at = argumentPlace(directive, 'partitionKey')
  if (second !== undefined) {
    const message = `The table "${name}" has two time buckets; reads walk the buckets of one field.`
    reporter.error('TABLE_BUCKET', at, message, 'Keep the finer one.')
    return false
  }
  const [first] = key.clusteringKey
  if (first?.field === bucket.field) return true
  const order = [
    `"${bucket.field} desc"`,
    ...key.clusteringKey.filter((part) => part.field !== bucket.field).map(printPart),
  ]
  const message = `The table "${name}" has buckets of "${bucket.field}" but does not cluster by it first, so its buckets cannot be read in order.`
  reporter.error('TABLE_BUCKET', at, message, `Write clusteringKey: [${order.join(', ')}].`)
  return false
}

const printPart = (part: { field: string; order: 'ASC' | 'DESC' }): string =>
  `"${part.field}${part.order === 'DESC' ? ' desc' : ''}"`

function compileTtl(directive: Directive, reporter: Reporter): number | null {
  const ttlMs = durationOf(directive, 'ttl', reporter)
  if (ttlMs === null || (ttlMs % 1_000 === 0 && ttlMs / 1_000 <= schemaLimits.ttlSecondsMax)) return ttlMs
  const message = `The ttl "${optionalTextOf(directive, 'ttl') ?? ''}" is not in whole seconds up to 20 years.`
  reporter.error(
    'DURATION_INVALID',
    argumentPlace(directive, 'ttl'),
    message,
    'Write whole seconds, e.g. "PT30S", at most "P7300D".',
  )
  return null
}

function compileIndexes(
  shape: TypeShape,
  directive: Directive,
  key: TableKey | null,
  reporter: Reporter,
): readonly string[] {
  const names = textsOf(directive, 'index')
  const report = (at: ASTNode, message: string, fix: string) => reporter.error('TABLE_INDEX', at, message, fix)
  names.forEach((name, index) => {
    const at = itemPlace(directive, 'index', index)
    const field = findValueField({ shape, name, at, by: '@table(index:)' }, reporter)
    if (field === null) return
    const { type } = field
    const single = type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'JSON')
    const [partition, second] = key?.partitionKey ?? []
    if (names.indexOf(name) !== index) report(at, `"${name}" is indexed twice.`, 'Name it once.')
    else if (!single)
      report(
        at,
        `"${name}" is of type ${shapeTypeText(type)}, which cannot be indexed.`,
        'Index a field with a single value.',
      )
    else if (partition?.column === name && second === undefined) {
      report(at, `"${name}" is the partition key already.`, 'Remove it from index.')
    }
  })
  return names
}

function listFields(fields: readonly string[]): string {
  return fields.map((field) => `"${field}"`).join(', ')
}

function checkHoldsKey(directive: Directive, table: TableKey, key: readonly string[], reporter: Reporter): boolean {
  const columns = keyColumns(table)
  const missing = key.filter((field) => !columns.includes(field))
  if (missing.length === 0) return true
  const clustering = [...table.clusteringKey.map(printPart), ...missing.map((field) => `"${field}"`)]
  const message = `The key of the table "${textOf(directive, 'name')}" lacks ${listFields(missing)} of the entity's key: rows of two entities would collide.`
  reporter.error('TABLE_KEY_INCOMPLETE', directive.node, message, `Write clusteringKey: [${clustering.join(', ')}].`)
  return false
}

/** The base is keyed by the entity's key: exactly its fields, and buckets of them. */
function checkBase(
  base: { readonly shape: TypeShape; readonly directive: Directive; readonly table: TableKey },
  key: readonly string[],
  reporter: Reporter,
): void {
  const { shape, directive, table } = base
  const foreign = [...keyColumns(table), ...table.partitionKey.map((part) => part.field)].filter(
    (field) => !key.includes(field),
  )
  if (foreign.length === 0) return
  const name = textOf(directive, 'name')
  const message = `The first table, "${name}", is keyed by ${listFields([...new Set(foreign)])}, which the key of "${shape.name}" does not have.`
  const plural = `${snakeCase(shape.name)}s`
  const proposal = plural === name ? `${plural}_by_${key.map(snakeCase).join('_and_')}` : plural
  const fix = `Put @table(name: "${proposal}", partitionKey: [${listFields(key)}]) before it.`
  reporter.error('TABLE_BASE_KEY', directive.node, message, fix)
}

function compileTable(
  shape: TypeShape,
  directive: Directive,
  key: readonly string[] | null,
  reporter: Reporter,
): Table | null {
  checkName(directive, reporter)
  const ttlMs = compileTtl(directive, reporter)
  const tableKey = compileTableKey(shape, directive, reporter)
  const indexes = compileIndexes(shape, directive, tableKey, reporter)
  if (tableKey === null || !checkRepeats(directive, tableKey, reporter)) return null
  if (!checkBuckets(directive, tableKey, reporter)) return null
  if (key !== null && !checkHoldsKey(directive, tableKey, key, reporter)) return null
  return { name: textOf(directive, 'name'), ...tableKey, ttlMs, indexes, location: reporter.locate(directive.node) }
}

/** Ingest reads the base to find an entity's rows in the other tables: it must not end before them. */
function checkTtls(tables: readonly Table[], reporter: Reporter): void {
  const [base, ...further] = tables
  const end = base?.ttlMs ?? null
  if (base === undefined || end === null) return
  for (const table of further) {
    if (table.ttlMs !== null && table.ttlMs <= end) continue
    const message = `The rows of "${base.name}", the first table, end before those of "${table.name}".`
    reporter.error(
      'TABLE_TTL',
      table.location,
      message,
      `Give "${base.name}" no ttl, or "${table.name}" one that is not longer.`,
    )
  }
}

export function compileTables(shape: TypeShape, key: readonly string[] | null, reporter: Reporter): EntityTables {
  const written = shape.declaration.directives.filter((one) => one.name === 'table')
  const whole = directivesOf(shape.declaration.directives, 'table')
  if (shape.owned && written.length === 0) {
    const fields = key ?? ['id']
    const fix = `Add @table(name: "${snakeCase(shape.name)}s", partitionKey: [${listFields(fields)}]).`
    reporter.error('DIRECTIVE_MISSING', shape.declaration.nameNode, `The entity "${shape.name}" has no table.`, fix)
  }
  const compiled = whole.map((directive) => compileTable(shape, directive, key, reporter))
  const [base] = compiled
  const [baseDirective] = whole
  if (base && baseDirective !== undefined && written[0] === baseDirective && key !== null) {
    checkBase({ shape, directive: baseDirective, table: base }, key, reporter)
  }
  const tables = compiled.filter((table) => table !== null)
  if (base) checkTtls(tables, reporter)
  return {
    tables,
    complete: tables.length === written.length && written.length > 0,
    names: whole.map((directive) => textOf(directive, 'name')),
  }
}
