// The product of the survival suite: items that are made, changed, moved from shelf to shelf and deleted, told by shelf or all together.
export interface Item {
  readonly id: string
  readonly shelf: string
  readonly rank: number
}

export const SHELVES = ['shelf-0', 'shelf-1', 'shelf-2'] as const

/** Of one run: runs share servers and nothing else. */
export interface Names {
  readonly topic: string
  readonly keyspace: string
  /** Of the subgraph, as a supergraph calls it. */
  readonly subgraph: string
  /** The consumer group of its ingest. */
  readonly group: string
  readonly sdl: string
}

export function namesOf(unique: string): Names {
  const topic = `test.items-${unique}`
  const product = `items${unique}`
  const sdl = `
extend schema @product(name: "${product}", domain: "test", owner: "test@example.com", version: "1.0.0")
type Item
  @key(fields: "id")
  @source(topic: "${topic}", key: "id", partitions: 4)
  @table(name: "items", partitionKey: ["id"])
  @table(name: "items_by_shelf", partitionKey: ["shelf"], clusteringKey: ["id"]) {
  id: ID!
  shelf: ID!
  rank: Int!
}
type Query {
  item(id: ID!): Item @lookup
  items(first: Int, after: String): ItemConnection! @scan(table: "items")
}
type Subscription {
  itemChanged(shelf: ID): Item @changes(on: [CREATED, UPDATED, DELETED])
}
`
  return { topic, keyspace: `survival_${unique}`, subgraph: `test-${product}`, group: `ingest.test.${product}`, sdl }
}
