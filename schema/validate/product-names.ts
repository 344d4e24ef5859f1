// Names that the whole product shares: tables and topics, each once. And every further key of an entity has a table that serves it.
import type { Table } from '../model.ts'
import { argumentPlace, directivesOf, textOf } from '../parse/directive-values.ts'
import type { Reporter } from '../parse/reporter.ts'
import { type OwnedEntity, proposeTable } from './operation-context.ts'
import { keyColumns } from './tables.ts'

function reportRepeats(
  what: string,
  places: readonly { readonly name: string; readonly at: Parameters<Reporter['error']>[1]; readonly line: number }[],
  reporter: Reporter,
): void {
  const lines = new Map<string, number>()
  for (const { name, at, line } of places) {
    const earlier = lines.get(name)
    if (earlier === undefined) lines.set(name, line)
    else
      reporter.error(
        'NAME_DUPLICATE',
        at,
        `The ${what} "${name}" is declared on line ${earlier} already.`,
        'Give each a name of its own.',
      )
  }
}

export function checkProductNames(entities: Iterable<OwnedEntity>, reporter: Reporter): void {
  const all = [...entities]
  const places = (directive: string, argument: string) =>
    all.flatMap((entity) =>
      directivesOf(entity.shape.declaration.directives, directive).map((one) => {
        const at = argumentPlace(one, argument)
        return { name: textOf(one, argument), at, line: reporter.locate(at).line }
      }),
    )
  reportRepeats('table', places('table', 'name'), reporter)
  reportRepeats('topic', places('source', 'topic'), reporter)
}

const serves = (table: Table, fields: readonly string[]): boolean => {
  const columns = keyColumns(table)
  return columns.length === fields.length && columns.every((column) => fields.includes(column))
}

/** The gateway may ask for an entity by any key that is resolvable: each needs a table with that primary key. */
export function checkKeysServed(entity: OwnedEntity, reporter: Reporter): void {
  const { keys, tables } = entity
  const [first, ...further] = keys.keys
  if (first === undefined || keys.primary === null || !tables.complete) return
  for (const key of further) {
    if (!key.resolvable || tables.tables.some((table) => serves(table, key.fields))) continue
    const primary = keys.primary
    const holds = primary.every((field) => key.fields.includes(field))
    const fix = holds
      ? `${proposeTable(entity, key.fields, [])}, or write resolvable: false.`
      : 'Write resolvable: false: a table by this key alone could not tell two entities apart.'
    const message = `No table has the key "${key.text}" of "${entity.shape.name}" as its primary key.`
    reporter.error('KEY_NOT_SERVED', key.directive.node, message, fix)
  }
}
