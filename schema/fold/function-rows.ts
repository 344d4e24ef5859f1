// Looks at the rows that a function in code gives for a group, before anyone writes them.
import type { Entity } from '../model.ts'
import { cellText, type Row } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'

/** The rows with the group's fields, or what is wrong with them. Types of fields are ingest's to check, as of any record. */
export function compileRowCheck(entity: Entity): (rows: unknown, group: Row) => readonly Row[] | string {
  const stored = new Set(entity.fields.flatMap(({ kind, name }) => (kind === 'stored' ? [name] : [])))
  const keyOf = (row: Row): string => JSON.stringify(entity.key.map((name) => row[name] ?? null))

  const checkRow = (row: Row): string | null => {
    const unknown = Object.keys(row).find((name) => !stored.has(name))
    if (unknown !== undefined) return `"${unknown}" is no field that is stored`
    const missing = entity.key.find((name) => (row[name] ?? null) === null)
    return missing === undefined ? null : `a row has no "${missing}", a field of the key`
  }

  return (given, group) => {
    if (!Array.isArray(given)) return 'emit must give a list'
    const { foldRowsOfGroupMax } = schemaLimits
    if (given.length > foldRowsOfGroupMax) return `${given.length} of them, of at most ${foldRowsOfGroupMax}`
    const keys = new Set<string>()
    const rows: Row[] = []
    for (const own of given as readonly unknown[]) {
      if (typeof own !== 'object' || own === null || Array.isArray(own)) return 'a row must be an object'
      const other = Object.entries(group).find(([name, value]) => {
        const cell = (own as Row)[name]
        return cell !== undefined && cellText(cell) !== cellText(value)
      })
      if (other !== undefined) return `"${other[0]}" is not the group's`
      const row: Row = { ...group, ...(own as Row) }
      const problem = checkRow(row)
      if (problem !== null) return problem
      const key = keyOf(row)
      if (keys.has(key)) return `two rows have the key ${key}`
      keys.add(key)
      rows.push(row)
    }
    return rows
  }
}
