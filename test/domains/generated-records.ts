// What a generated load comes to: its records, and of every key the one with the newest `updatedAt`, in whatever order they arrive.
import { opinionLoads } from '../../samples/marketing-loads.ts'
import { supportLoads } from '../../samples/support-loads.ts'

/** By topic. To make one takes over a second, and a dozen facts ask for it. */
const made = new Map<string, Promise<readonly unknown[]>>()

/** The values of a load's records, in their order; made once. */
export async function generatedRecords<Record>(topic: string): Promise<readonly Record[]> {
  const records = made.get(topic) ?? makeRecords(topic)
  made.set(topic, records)
  return (await records) as readonly Record[]
}

async function makeRecords(topic: string): Promise<readonly unknown[]> {
  const load = [...opinionLoads, ...supportLoads].find((candidate) => candidate.topic === topic)
  if (load === undefined) throw new Error(`no load of ${topic}`)
  const records: unknown[] = []
  for await (const { value } of load.records()) records.push(value)
  return records
}

interface Versioned {
  readonly id: string
  readonly updatedAt: string
}

/** By key, in the order of the keys. */
export function newestById<Record extends Versioned>(records: readonly Record[]): ReadonlyMap<string, Record> {
  const newest = new Map<string, Record>()
  for (const record of records) {
    const known = newest.get(record.id)
    if (known === undefined || known.updatedAt < record.updatedAt) newest.set(record.id, record)
  }
  return new Map([...newest].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** The groups with most items, the largest first; equal ones in the order of their keys. */
export function largestGroups<Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string,
  count: number,
): readonly (readonly [string, readonly Item[]])[] {
  const groups = [...Map.groupBy(items, keyOf)]
  groups.sort(([oneKey, one], [otherKey, other]) => other.length - one.length || (oneKey < otherKey ? -1 : 1))
  return groups.slice(0, count)
}
