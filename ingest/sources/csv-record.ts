// CSV has text only: a row becomes the record that the product expects, by the columns' names and the types of the fields that read them.
import { compileTextMembers } from '../../schema/emit/text-members.ts'
import type { Entity, Product } from '../../schema/model.ts'
import type { CsvRecord } from './csv.ts'

export type ReadCsvRecord = (row: CsvRecord) => object

export function compileCsvRecord(product: Product, entity: Entity): ReadCsvRecord {
  const readMembers = compileTextMembers(product, entity)
  // Fields without names are rejected by ingest, with the reason.
  return (row) => (Array.isArray(row) ? row : readMembers(Object.entries(row)))
}
