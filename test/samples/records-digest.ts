// A digest of the records of a load, by which a test pins what a seed generates.
import { createHash } from 'node:crypto'
import type { SampleLoad, SampleRecord } from '../../samples/sample-load.ts'

export interface LoadedRecords {
  readonly records: readonly SampleRecord[]
  /** SHA-256 of keys and values in their order, hex. */
  readonly digest: string
}

export async function recordsOfLoad(loads: readonly SampleLoad[], topic: string): Promise<LoadedRecords> {
  const load = loads.find((candidate) => candidate.topic === topic)
  if (load === undefined) throw new Error(`no load of ${topic}`)
  const records: SampleRecord[] = []
  const hash = createHash('sha256')
  for await (const record of load.records()) {
    records.push(record)
    hash.update(`${JSON.stringify([record.key, record.value])}\n`)
  }
  return { records, digest: hash.digest('hex') }
}
