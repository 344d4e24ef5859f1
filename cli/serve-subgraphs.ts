// The subgraphs of a process, on one port: each at `/NAME/graphql`, and a list of them for `meshgate compose`. With the role's parts they
// take nothing new, finish what is in hand and tell subscribers.
import type { RouteHandler } from '../ingest/http/topic-routes.ts'
import type { VerifyAssertion } from '../platform/governance/assertion-verifier.ts'
import type { Platform } from '../platform/main.ts'
import type { Product } from '../schema/model.ts'
import { createSubgraph } from '../subgraphs/main.ts'
import { subgraphName } from '../subgraphs/runtime/subgraph-name.ts'
import { subgraphObserver } from './role-metrics.ts'
import { sendJson, type RoleServer } from './role-server.ts'
import type { RoleProcess } from './run-role.ts'
import { SUBGRAPHS_PATH, type ListedSubgraph } from './subgraph-list.ts'
import { reachableHost } from './url-host.ts'

export interface ServedSubgraphs {
  readonly platform: Platform
  readonly products: readonly Product[]
  readonly server: RoleServer
}

export async function serveSubgraphs(
  role: RoleProcess,
  { platform, products, server }: ServedSubgraphs,
): Promise<void> {
  const { config, logger, metrics, parts, context } = role
  const { log, store, clock, cursorKey } = platform
  const observer = subgraphObserver(metrics)
  const verifierFor = await assertionVerifiers(role, platform)
  const subgraphs = products.map((product) => {
    const asked = verifierFor === null ? {} : { verifyAssertion: verifierFor(subgraphName(product)) }
    return createSubgraph({ product, log, store, clock, cursorKey, logger, observer, ...asked })
  })
  const listed = subgraphs.map(({ name }): ListedSubgraph => ({ name, path: `/${name}/graphql` }))
  // Who serves one needs no name for it.
  const paths = listed.map(({ path }) => (listed.length === 1 ? ['/graphql', path] : [path]))
  const faces = subgraphs.map((subgraph, index) => subgraph.mount(paths[index] ?? []))
  server.mount({
    routes: [
      listRoute(listed),
      ...faces.map(
        (face): RouteHandler =>
          (...request) =>
            face.answer(...request),
      ),
    ],
    upgrades: faces.map((face) => (request, socket, head) => face.upgrade(request, socket, head)),
  })
  // Nothing new is taken while what is in hand is finished, and subscribers are told.
  parts.defer(async () => {
    const closing = server.close()
    await Promise.all(subgraphs.map((subgraph) => subgraph.close()))
    await closing
  })
  const origin = `http://${reachableHost(config.host)}:${server.port}`
  for (const [index, { name }] of listed.entries()) {
    context.terminal.print(`Subgraph ${name}: ${origin}${paths[index]?.[0] ?? ''}\n`)
  }
}

/** Null where whoever can reach them is answered: nothing that verifies is loaded then. */
async function assertionVerifiers(
  { config, logger }: RoleProcess,
  { clock }: Platform,
): Promise<((subgraph: string) => VerifyAssertion) | null> {
  const { assertionKeys: from } = config
  if (from === null) return null
  const { KeySet } = await import('../platform/governance/key-set.ts')
  const { createAssertionVerifier } = await import('../platform/governance/assertion-verifier.ts')
  const keys = new KeySet({ from, clock, onFailure: (error) => logger.warn({ err: error }, error.message) })
  return (subgraph) => createAssertionVerifier(keys, subgraph, clock)
}

function listRoute(subgraphs: readonly ListedSubgraph[]): RouteHandler {
  return async (request, response) => {
    if (request.url !== SUBGRAPHS_PATH) return false
    sendJson(response, 200, { subgraphs })
    return true
  }
}
