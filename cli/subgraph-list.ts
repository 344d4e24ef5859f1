// What a `meshgate subgraph` says of the subgraphs that it serves, and how `meshgate compose` asks for it.
import { request } from 'undici'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'

export const SUBGRAPHS_PATH = '/subgraphs'

export interface ListedSubgraph {
  readonly name: string
  /** Of its GraphQL, on the port that was asked. */
  readonly path: string
}

/** Rejects with SUBGRAPH_UNAVAILABLE where waiting may help, else with SUBGRAPH_PROTOCOL. */
export async function fetchSubgraphList(origin: string): Promise<readonly ListedSubgraph[]> {
  const { status, text } = await ask(new URL(SUBGRAPHS_PATH, origin).href, origin)
  const list = listIn(text)
  if (list !== null) return list
  throw new MeshgateError(
    status >= 500 ? 'SUBGRAPH_UNAVAILABLE' : 'SUBGRAPH_PROTOCOL',
    `${origin} answered with status ${status} and without a list of subgraphs. Name one that is no \`meshgate subgraph\`: NAME=${origin}.`,
  )
}

async function ask(url: string, origin: string): Promise<{ status: number; text: string }> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(limits.subgraphTimeoutMs) })
    return { status: statusCode, text: await body.text() }
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = typeof code === 'string' ? code : String(error)
    const message = `The subgraphs at ${origin} cannot be reached (${reason}). Start \`meshgate subgraph\` there.`
    throw new MeshgateError('SUBGRAPH_UNAVAILABLE', message, error)
  }
}

function listIn(text: string): readonly ListedSubgraph[] | null {
  try {
    const list = (JSON.parse(text) as { readonly subgraphs?: unknown } | null)?.subgraphs
    return Array.isArray(list) && list.every(isListed) ? list : null
  } catch {
    return null
  }
}

function isListed(value: unknown): value is ListedSubgraph {
  const { name, path } = (value ?? {}) as Partial<Record<keyof ListedSubgraph, unknown>>
  return typeof name === 'string' && typeof path === 'string' && path.startsWith('/')
}
