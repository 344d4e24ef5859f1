// What `/health/ready` of a gateway says. 503 where requests would better go to another: while it starts or drains, and while it reaches none
// of its subgraphs. A subgraph that is away, or a new supergraph that is refused, costs some fields or nothing: they are named, and the
// gateway stays ready.
import type { SubgraphReachability } from '../gateway/main.ts'
import type { Readiness } from './role-health.ts'
import type { SupergraphState } from './supergraph/watch-supergraph.ts'

export interface GatewayReadiness extends Readiness {
  /** Id of the supergraph in service. */
  readonly supergraph: string
}

export function gatewayReadiness(
  own: Readiness,
  subgraphs: readonly SubgraphReachability[],
  { id, problem }: Pick<SupergraphState, 'id' | 'problem'>,
): GatewayReadiness {
  if (!own.ready) return { ...own, supergraph: id }
  const away = subgraphs.filter(({ reachable }) => !reachable)
  const reasons = away.map(
    ({ name, reason }) => `subgraph "${name}" cannot be reached${reason === undefined ? '' : `: ${reason}`}`,
  )
  return {
    ready: away.length === 0 || away.length < subgraphs.length,
    reasons: [...reasons, ...(problem === null ? [] : [problem])],
    supergraph: id,
  }
}
