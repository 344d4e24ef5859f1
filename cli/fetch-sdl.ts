// Asks a running subgraph for its SDL, as the Federation specification has it: `{ _service { sdl } }`.
import { request } from 'undici'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'

export async function fetchSdl(name: string, url: string): Promise<string> {
  const { status, text } = await ask(name, url)
  const sdl = sdlIn(text)
  if (sdl !== null) return sdl
  const message = `Subgraph "${name}" at ${url} answered with status ${status} and without its SDL: ${shortened(text)} Name its GraphQL address, or the file of its SDL: ${name}=${url}=SDLFILE.`
  throw new MeshgateError(status >= 500 ? 'SUBGRAPH_UNAVAILABLE' : 'SUBGRAPH_PROTOCOL', message)
}

async function ask(name: string, url: string): Promise<{ status: number; text: string }> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
      signal: AbortSignal.timeout(limits.subgraphTimeoutMs),
    })
    return { status: statusCode, text: await body.text() }
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = typeof code === 'string' ? code : error instanceof Error ? error.message : String(error)
    throw new MeshgateError(
      'SUBGRAPH_UNAVAILABLE',
      `Subgraph "${name}" at ${url} cannot be reached (${reason}). Start it, or name the file of its SDL: ${name}=${url}=SDLFILE.`,
      error,
    )
  }
}

interface ServiceAnswer {
  readonly data?: { readonly _service?: { readonly sdl?: unknown } | null } | null
}

function sdlIn(text: string): string | null {
  try {
    const sdl = (JSON.parse(text) as ServiceAnswer | null)?.data?._service?.sdl
    return typeof sdl === 'string' ? sdl : null
  } catch {
    return null
  }
}

const SHOWN_CHARACTERS = 200

function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line
}
