// Picks the client's headers that subgraphs may see: those that are named, and none else. A WebSocket's are those of its handshake.
import type { IncomingMessage } from 'node:http'
import { MeshgateError } from '../../platform/errors.ts'
import { isConnectionHeader } from '../connection-headers.ts'

export type HeaderForwarder = (request: IncomingMessage) => Readonly<Record<string, string>> | undefined

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Throws CONFIG_INVALID where a name can never be forwarded. */
export function createHeaderForwarder(headerNames: readonly string[]): HeaderForwarder {
  const names = [...new Set(headerNames.map((name) => name.trim().toLowerCase()))].toSorted()
  for (const name of names) {
    if (!HEADER_NAME.test(name)) {
      throw new MeshgateError('CONFIG_INVALID', `"${name}" is no header's name, so it cannot be forwarded.`)
    }
    if (isConnectionHeader(name)) {
      const why = `The header "${name}" belongs to one connection or message and is never forwarded. Leave it out.`
      throw new MeshgateError('CONFIG_INVALID', why)
    }
  }
  if (names.length === 0) return () => undefined
  return (request) => pick(request, names)
}

function pick({ headers }: IncomingMessage, names: readonly string[]): Readonly<Record<string, string>> | undefined {
  let picked: Record<string, string> | undefined
  for (const name of names) {
    const value = headers[name]
    if (value === undefined || isOfConnection(name, headers.connection)) continue
    picked ??= {}
    picked[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return picked
}

/** A client names in Connection what is meant for the next hop alone. */
function isOfConnection(name: string, connection: string | undefined): boolean {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return false
  return connection.split(',').some((option) => option.trim().toLowerCase() === name)
}
