// By which names the gateway may be asked. A page of a site whose name is made to point at this machine for a moment (DNS rebinding) is of one origin
// with what it asks, so neither CORS nor CSRF prevention stops it; the name in its Host does.
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { MeshgateError } from '../../platform/errors.ts'
import { ALL_BELOW, isHostPattern } from '../../platform/host-pattern.ts'
import type { HttpProblem } from './http-problem.ts'

/** Null where the request may be answered. */
export type HostGuard = (request: IncomingMessage) => HttpProblem | null

/** RFC 9110, 7.2: an address in brackets, or a name, and a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::\d+)?$/

/**
 * Those names, `*.example.com` for all below one; localhost, names below it and addresses, which nobody can make point elsewhere, always. Absent: any.
 * CONFIG_INVALID where one is no name.
 */
export function createHostGuard(names: readonly string[] | undefined): HostGuard {
  if (names === undefined) return () => null
  const known = ['localhost', `${ALL_BELOW}localhost`, ...names.map((name) => name.toLowerCase())]
  for (const name of known) checkName(name)
  const exact = new Set(known)
  const below = known.filter((name) => name.startsWith(ALL_BELOW)).map((name) => name.slice(1))
  return ({ headers: { host } }) => {
    // No browser leaves it out.
    if (host === undefined) return null
    const name = nameOf(host)
    if (name !== null && (isAddress(name) || exact.has(name) || below.some((end) => name.endsWith(end)))) return null
    const message = `Nothing is answered here under the name ${JSON.stringify(host)}: ask as localhost, or list the name in MESHGATE_ALLOWED_HOSTS.`
    return { status: 421, message }
  }
}

/** Without its port, and the root's dot. */
function nameOf(host: string): string | null {
  const [, name] = HOST.exec(host.toLowerCase()) ?? []
  return name?.replace(/\.$/, '') ?? null
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0
}

function checkName(name: string): void {
  if (isHostPattern(name)) return
  const why = `The allowed host ${JSON.stringify(name)} is no name. Write one such as mesh.example.com or *.example.com, without scheme and port.`
  throw new MeshgateError('CONFIG_INVALID', why)
}
