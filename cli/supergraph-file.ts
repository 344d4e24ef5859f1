// The supergraph that a gateway is told to serve: read from its file, and where it cannot be served, said of which file and where in it.
import { GraphQLError, parse } from 'graphql'
import { readFile } from 'node:fs/promises'
import { MeshgateError } from '../platform/errors.ts'

export async function readSupergraphFile(path: string): Promise<string> {
  if (path === '') throw new MeshgateError('CONFIG_INVALID', '--supergraph names no file. Write its path.')
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // Reading a directory is refused by the system without a name.
    throw error instanceof Error ? Object.assign(error, { path }) : error
  }
}

/** What is wrong with the supergraph itself names its source; other errors stay as they are. */
export function describeSupergraphProblem(
  error: unknown,
  { source, supergraphSdl }: { readonly source: string; readonly supergraphSdl: string },
): unknown {
  if (!(error instanceof MeshgateError) || error.code !== 'COMPOSITION_FAILED') return error
  if (supergraphSdl.trim() === '') {
    const message = `${source}: The supergraph is empty. Write it with \`meshgate compose --out FILE\`.`
    return new MeshgateError('COMPOSITION_FAILED', message, error)
  }
  return new MeshgateError('COMPOSITION_FAILED', `${source}${syntaxErrorPlace(supergraphSdl)}: ${error.message}`, error)
}

function syntaxErrorPlace(sdl: string): string {
  try {
    parse(sdl, { noLocation: true })
  } catch (error) {
    const [place] = error instanceof GraphQLError ? (error.locations ?? []) : []
    if (place !== undefined) return `:${place.line}:${place.column}`
  }
  return ''
}
