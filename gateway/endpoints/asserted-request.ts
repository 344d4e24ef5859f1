// A subscription with what the gateway asserts of who asks: in `extensions.meshgate`, since one WebSocket is for all principals.
import type { SubgraphRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { isObject } from '../execute/plain-object.ts'

export function assertedExtensions(
  { extensions }: SubgraphRequest,
  assertion: string,
): Readonly<Record<string, unknown>> {
  const meshgate = extensions?.['meshgate']
  return { ...extensions, meshgate: { ...(isObject(meshgate) ? meshgate : {}), assertion } }
}
