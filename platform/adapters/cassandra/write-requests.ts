// Which rows go in one request: those of one partition together, which is one mutation of the server, and small ones of several partitions that lie
// on one node, which spares both sides requests. Pure.
import { limits } from '../../limits.ts'
import type { WriteRequest } from './cassandra-client.ts'
import type { RowStatements } from './row-statements.ts'
import type { Statement } from './write-batch.ts'

/** Where a partition is written first. */
export interface Place {
  /** As `CassandraClient.replicaOf` names it. */
  readonly node: string
  readonly routingKey?: Buffer
}

/** Statements of one partition. */
interface Part {
  readonly statements: Statement[]
  bytes: number
}

interface Mixed extends Part, Place {
  partitions: number
}

/** The requests of each node, in an order that keeps that of the rows as far as may be. */
export function writeRequests(
  rows: readonly RowStatements[],
  placeOf: (row: RowStatements) => Place,
): ReadonlyMap<string, readonly WriteRequest[]> {
  const byNode = new Map<string, WriteRequest[]>()
  const open = new Map<string, Mixed>()
  for (const partition of Map.groupBy(rows, (row) => row.partition).values()) {
    const [first] = partition
    if (first === undefined) continue
    const place = placeOf(first)
    const requests = byNode.get(place.node) ?? []
    byNode.set(place.node, requests)
    for (const part of partsOf(partition)) {
      const mixed = open.get(place.node)
      if (mixed !== undefined && fits(mixed, part)) {
        mixed.statements.push(...part.statements)
        mixed.bytes += part.bytes
        mixed.partitions += 1
        continue
      }
      const request: Mixed = { ...place, ...part, partitions: 1 }
      requests.push(request)
      if (request.bytes < limits.storeMixedBytesMax) open.set(place.node, request)
    }
  }
  return byNode
}

function fits(mixed: Mixed, part: Part): boolean {
  return mixed.partitions < limits.storeMixedPartitionsMax && mixed.bytes + part.bytes <= limits.storeMixedBytesMax
}

function partsOf(partition: readonly RowStatements[]): readonly Part[] {
  const parts: Part[] = []
  let part: Part | null = null
  for (const { statements, bytes } of partition) {
    const full =
      part === null ||
      part.bytes + bytes > limits.storeBatchBytesMax ||
      part.statements.length + statements.length > limits.storeBatchStatementsMax
    if (part === null || full) parts.push((part = { statements: [], bytes: 0 }))
    part.statements.push(...statements)
    part.bytes += bytes
  }
  return parts.filter(({ statements }) => statements.length > 0)
}
