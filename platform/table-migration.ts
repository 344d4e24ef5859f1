// What a migration may not do, in the words of the Store port: every problem at once, each naming table, column and what to do. Pure;
// shared by the adapters, so that a migration that one takes the other takes too.
import type { ColumnDefinition, ColumnType, TableDefinition } from '../schema/tables.ts'
import { isWidening, widerTypes } from './column-widening.ts'

const NO_KEY: ReadonlySet<ColumnType> = new Set(['json', 'double', 'boolean'])

/**
 * Why the tables cannot be had beside those that exist: one sentence each, none where they can. `withRows`: of the tables that
 * `gainsRequired` names, those that have rows.
 */
export function migrationRefusals(
  existing: ReadonlyMap<string, TableDefinition>,
  wanted: readonly TableDefinition[],
  withRows: ReadonlySet<string>,
): readonly string[] {
  return [
    ...repeatedNames(wanted),
    ...wanted.flatMap((definition) => brokenDefinition(definition)),
    ...wanted.flatMap((definition) => {
      const before = existing.get(definition.name)
      return before === undefined ? [] : lossyChanges(before, definition)
    }),
    ...wanted
      .filter(({ name }) => withRows.has(name))
      .flatMap((definition) => requiredColumns(existing.get(definition.name), definition)),
  ]
}

/** Tables that exist and are to get a column that every row must have: possible only while they have no rows. */
export function gainsRequired(
  existing: ReadonlyMap<string, TableDefinition>,
  wanted: readonly TableDefinition[],
): readonly string[] {
  return wanted
    .filter((definition) => addedRequired(existing.get(definition.name), definition).length > 0)
    .map(({ name }) => name)
}

function addedRequired(before: TableDefinition | undefined, after: TableDefinition): readonly ColumnDefinition[] {
  if (before === undefined) return []
  const known = new Set(before.columns.map(({ name }) => name))
  return after.columns.filter((column) => column.required === true && !known.has(column.name))
}

function requiredColumns(before: TableDefinition | undefined, after: TableDefinition): readonly string[] {
  return addedRequired(before, after).map(
    ({ name }) =>
      `Column ${name} would be new in table ${after.name}, whose rows have none, and every row must have one: make the field optional (without !), ` +
      'replay the product so that its rows get one, and make it required then.',
  )
}

function repeatedNames(wanted: readonly TableDefinition[]): string[] {
  const names = wanted.map((table) => table.name)
  const repeated = new Set(names.filter((name, at) => names.indexOf(name) !== at))
  return [...repeated].map((name) => `Table ${name} is defined twice: give one of them another name.`)
}

function brokenDefinition(table: TableDefinition): string[] {
  const types = new Map(table.columns.map((column) => [column.name, column.type]))
  const keys = [...table.partitionKey, ...table.clusteringKey.map((part) => part.column)]
  const problems: string[] = []
  if (table.partitionKey.length === 0)
    problems.push(`Table ${table.name} has no partition key: name at least one column.`)
  if (types.size !== table.columns.length) problems.push(`Table ${table.name} has a column twice: name each once.`)
  for (const column of keys) {
    const type = types.get(column)
    if (type === undefined) problems.push(`Table ${table.name} has no column ${column}, which its key names: add it.`)
    else if (NO_KEY.has(type)) {
      problems.push(`Column ${column} of table ${table.name} is ${type}, which no key may be: choose another column.`)
    }
  }
  if (new Set(keys).size !== keys.length)
    problems.push(`The key of table ${table.name} has a column twice: name each once.`)
  for (const column of table.indexes) {
    const type = types.get(column)
    if (type === undefined || type === 'json') {
      problems.push(`Column ${column} of table ${table.name} cannot be indexed: index a column of a scalar type.`)
    }
  }
  return problems
}

function lossyChanges(before: TableDefinition, after: TableDefinition): string[] {
  const anew = `keep it as it was, or declare the table under another name: it is filled from what is there.`
  const columns = new Map(after.columns.map((column) => [column.name, column]))
  const problems: string[] = []
  if (before.owner !== after.owner) {
    problems.push(`Table ${before.name} belongs to ${before.owner}, not to ${after.owner}: choose another name.`)
  }
  for (const column of before.columns) {
    const now = columns.get(column.name)
    const where = `Column ${column.name} of table ${before.name}`
    if (now === undefined) problems.push(`${where} would be dropped: ${anew}`)
    else if (now.type !== column.type) problems.push(...typeProblem(before, after, { column, type: now.type }, anew))
    else if (now.cqlName !== column.cqlName) {
      problems.push(`${where} would be called ${now.cqlName} instead of ${column.cqlName} in CQL: ${anew}`)
    }
  }
  const keyBefore = keyText(before)
  const keyAfter = keyText(after)
  if (keyBefore !== keyAfter) {
    problems.push(`The key of table ${before.name} would turn from ${keyBefore} to ${keyAfter}: ${anew}`)
  }
  return problems
}

/** A wider type is fine where no key and no index holds the values as they were. */
function typeProblem(
  before: TableDefinition,
  after: TableDefinition,
  { column, type }: { readonly column: ColumnDefinition; readonly type: ColumnType },
  anew: string,
): readonly string[] {
  const { name } = column
  const would = `Column ${name} of table ${before.name} would turn from ${column.type} to ${type}`
  if (!isWidening(column.type, type)) {
    const wider = widerTypes(column.type)
    return [`${would}${wider.length === 0 ? '' : `, which is not wider (${wider.join(', ')} would be)`}: ${anew}`]
  }
  const key = [...before.partitionKey, ...before.clusteringKey.map((part) => part.column)]
  if (key.includes(name)) return [`${would}, and the table's key holds it: ${anew}`]
  if (before.indexes.includes(name) || after.indexes.includes(name)) {
    return [`${would}, and an index holds it: ${anew}`]
  }
  return []
}

function keyText(table: TableDefinition): string {
  const clustering = table.clusteringKey.map((part) => `, ${part.column} ${part.order}`).join('')
  return `((${table.partitionKey.join(', ')})${clustering})`
}
