// A generated mesh of any number of types over ten subgraphs, for what a gateway needs to load it: every type is an entity of one subgraph,
// extended by the next, and refers to others.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql'

const SUBGRAPHS = 10

export const typeMeshNames: readonly string[] = Array.from({ length: SUBGRAPHS }, (_, index) => `part${index}`)

/** SDL by subgraph. */
export function typeMeshSdl(types: number): Readonly<Record<string, string>> {
  return Object.fromEntries(typeMeshNames.map((name, subgraph) => [name, partSdl(subgraph, types)]))
}

function partSdl(subgraph: number, types: number): string {
  const own: string[] = []
  for (let type = 0; type < types; type += 1) {
    if (type % SUBGRAPHS === subgraph) own.push(ownType(type, types))
    else if ((type + 1) % SUBGRAPHS === subgraph) own.push(extendedType(type))
  }
  const roots = Array.from({ length: types }, (_, type) => type)
    .filter((type) => type % SUBGRAPHS === subgraph)
    .map((type) => `  thing${type}(id: ID!): Thing${type}\n`)
  return `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
type Query {
${roots.join('')}}
${own.join('')}`
}

function ownType(type: number, types: number): string {
  const other = (type * 7 + SUBGRAPHS) % types
  const next = Math.floor(other / SUBGRAPHS) * SUBGRAPHS + (type % SUBGRAPHS)
  return `
"A thing that is generated, number ${type}."
type Thing${type} @key(fields: "id") {
  id: ID!
  name: String!
  size: Int
  labels: [String!]!
  next: Thing${next % types}
}
`
}

function extendedType(type: number): string {
  return `
type Thing${type} @key(fields: "id") {
  id: ID!
  note: String
  weight: Float
}
`
}

/** Asks three types over four subgraphs. */
export const typeMeshQuery =
  '{ thing0(id: "a") { id name note next { id size note } } thing3(id: "b") { name weight labels } thing14(id: "c") { note next { name } } }'

/** The right answer's body. */
export const typeMeshAnswer = JSON.stringify({
  data: {
    thing0: { id: 'a', name: 'name of a', note: 'note on a', next: { id: 'a-next', size: 7, note: 'note on a-next' } },
    thing3: { name: 'name of b', weight: 2.5, labels: ['label of b'] },
    thing14: { note: 'note on c', next: { name: 'name of c-next' } },
  },
})

export function typeMeshSchema(name: string, types: number): GraphQLSchema {
  return buildSubgraphSchema([{ typeDefs: parse(typeMeshSdl(types)[name] ?? '') }])
}

/** Every value follows from the entity's id and the field's name. */
export const resolveThing: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
  const { id } = info.parentType.name === 'Query' ? (args as { id: string }) : (source as { id: string })
  if (info.fieldName === 'id') return id
  if (info.fieldName.startsWith('thing')) return { id }
  const values: Readonly<Record<string, unknown>> = {
    name: `name of ${id}`,
    note: `note on ${id}`,
    size: 7,
    weight: 2.5,
    labels: [`label of ${id}`],
    next: { id: `${id}-next` },
  }
  return values[info.fieldName]
}
