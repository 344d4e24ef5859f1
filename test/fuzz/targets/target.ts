// A process under attack, and what those who attack it know of it.
import { isNonNullType, type GraphQLSchema } from 'graphql'
import type { MeshgateProcess } from '../../cli/meshgate-process.ts'
import { argumentLiterals } from '../documents/argument-literals.ts'
import { documentSource } from '../documents/hostile-document.ts'
import type { StreamSource } from '../http/stream-requests.ts'
import type { RecordSource } from '../records/ingest-requests.ts'

export type Surface = 'http' | 'socket' | 'stream' | 'documents' | 'subgraphs' | 'records'

export interface Target {
  readonly name: string
  readonly running: MeshgateProcess
  /** Of GraphQL, and of records where that is another. */
  readonly port: number
  readonly recordsPort: number
  readonly surfaces: readonly [Surface, ...Surface[]]
  readonly source: StreamSource
  readonly records: RecordSource
  /** Requests of a well-behaved client, whose answers must stay what they are. */
  readonly good: readonly string[]
  /** Ends it as a user does, and what it stood on. Resolves with the exit code. */
  stop(): Promise<number | null>
}

const UNUSED_TOKEN = 'e30.e30.AA'

export function streamSource(
  schema: GraphQLSchema,
  { paths = [], token = UNUSED_TOKEN }: { readonly paths?: readonly string[]; readonly token?: string } = {},
): StreamSource {
  const [first = 'subscription { __typename }', ...others] = subscriptionsOf(schema)
  return { ...documentSource(schema), paths, token, subscriptions: [first, ...others] }
}

/** One of each field, with the arguments that it must have. */
function subscriptionsOf(schema: GraphQLSchema): string[] {
  const literals = argumentLiterals(schema)
  return Object.values(schema.getSubscriptionType()?.getFields() ?? {}).map((field) => {
    const given = field.args
      .filter(({ type }) => isNonNullType(type))
      .map(({ name }) => `${name}: ${literals[`${field.name}.${name}`]?.[0] ?? '"a"'}`)
    return `subscription { ${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`} { __typename } }`
  })
}

export function portOf(url: string): number {
  return Number(new URL(url).port)
}

export async function isReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/health/ready`)
    await response.arrayBuffer()
    if (response.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
