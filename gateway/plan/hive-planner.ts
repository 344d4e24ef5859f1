// The Planner over @graphql-hive/router-query-planner: translates its plan nodes into ours and refuses what it does not know.
import {
  QueryPlanner,
  type FetchNodePathSegment,
  type FetchRewrite,
  type FlattenNodePathSegment,
  type PlanNode as HiveNode,
  type RequiresSelection,
} from '@graphql-hive/router-query-planner'
import { MeshgateError } from '../../platform/errors.ts'
import { readConcreteTypes } from '../compose/public-schema.ts'
import { mendInterfaceObjectFetches } from './interface-object-fetches.ts'
import type { EntityFetch, PathSegment, Plan, Planner, PlanNode, Requirement, Rewrite, RootFetch } from './planner.ts'

type HiveFetch = Pick<Extract<HiveNode, { kind: 'Fetch' }>, 'serviceName' | 'operation' | 'variableUsages'> & {
  outputRewrites?: FetchRewrite[]
}

/** COMPOSITION_FAILED where the supergraph cannot be read. */
export function createHivePlanner(supergraphSdl: string): Planner {
  const planner = open(supergraphSdl)
  const types = readConcreteTypes(supergraphSdl)
  return {
    plan: async (operation) => {
      try {
        const { node } = await planner.planAsync(operation, null, new Set(), 0)
        const plan = toPlan(node ?? null)
        return { ...plan, node: plan.node && mendInterfaceObjectFetches(plan.node, operation, types) }
      } catch (error) {
        if (error instanceof MeshgateError) throw error
        throw new MeshgateError(
          'PLAN_FAILED',
          'The operation is valid but cannot be planned over the subgraphs.',
          error,
        )
      }
    },
  }
}

function open(supergraphSdl: string): QueryPlanner {
  try {
    return new QueryPlanner(supergraphSdl)
  } catch (error) {
    throw new MeshgateError(
      'COMPOSITION_FAILED',
      'The supergraph cannot be read by the planner. Compose it anew.',
      error,
    )
  }
}

function toPlan(node: HiveNode | null): Plan {
  if (node === null) return { source: null, node: null }
  if (node.kind === 'Subscription') return { source: toRootFetch(node.primary), node: null }
  if (node.kind === 'Sequence' && node.nodes[0]?.kind === 'Subscription') {
    const [first, ...rest] = node.nodes
    return { source: toRootFetch(first.primary), node: { kind: 'sequence', nodes: rest.map(toNode) } }
  }
  return { source: null, node: toNode(node) }
}

function toNode(node: HiveNode): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      if (node.requires !== undefined && node.requires.length > 0) return unknown('a fetch of entities without a path')
      return toRootFetch(node)
    case 'Sequence':
      return { kind: 'sequence', nodes: node.nodes.map(toNode) }
    case 'Parallel':
      return { kind: 'parallel', nodes: node.nodes.map(toNode) }
    case 'Condition':
      return {
        kind: 'condition',
        variable: node.condition,
        whenTrue: node.ifClause ? toNode(node.ifClause) : null,
        whenFalse: node.elseClause ? toNode(node.elseClause) : null,
      }
    case 'Flatten':
      return toEntityFetch(node)
    case 'BatchFetch':
      return {
        kind: 'entities',
        service: node.serviceName,
        operation: node.operation,
        variables: node.variableUsages ?? [],
        batches: node.entityBatch.aliases.map((batch) => ({
          alias: batch.alias,
          variable: batch.representationsVariableName,
          paths: batch.paths.map((path) => path.map(toPathSegment)),
          requires: batch.requires.map(toRequirement),
          inputRewrites: (batch.inputRewrites ?? []).map(toRewrite),
          outputRewrites: (batch.outputRewrites ?? []).map(toRewrite).map((rewrite) => below(rewrite, batch.alias)),
        })),
      }
    case 'Subscription':
    case 'Defer':
      return unknown(node.kind)
  }
}

function toRootFetch(node: HiveFetch): RootFetch {
  return {
    kind: 'root',
    service: node.serviceName,
    operation: node.operation,
    variables: node.variableUsages ?? [],
    outputRewrites: (node.outputRewrites ?? []).map(toRewrite),
  }
}

function toEntityFetch(flatten: Extract<HiveNode, { kind: 'Flatten' }>): EntityFetch {
  const fetch = flatten.node
  if (fetch.kind !== 'Fetch' || fetch.requires === undefined) return unknown(`${fetch.kind} below Flatten`)
  return {
    kind: 'entities',
    service: fetch.serviceName,
    operation: fetch.operation,
    variables: (fetch.variableUsages ?? []).filter((name) => name !== 'representations'),
    batches: [
      {
        alias: '_entities',
        variable: 'representations',
        paths: [flatten.path.map(toPathSegment)],
        requires: fetch.requires.map(toRequirement),
        inputRewrites: (fetch.inputRewrites ?? []).map(toRewrite),
        outputRewrites: (fetch.outputRewrites ?? []).map(toRewrite).map((rewrite) => below(rewrite, '_entities')),
      },
    ],
  }
}

function toPathSegment(segment: FlattenNodePathSegment): PathSegment {
  if (segment === '@') return { kind: 'list' }
  if ('Field' in segment) return { kind: 'field', key: segment.Field }
  return { kind: 'type', names: segment.TypeCondition }
}

function toRequirement(selection: RequiresSelection): Requirement {
  switch (selection.kind) {
    case 'Field':
      return {
        kind: 'field',
        key: selection.name,
        name: selection.alias ?? selection.name,
        selections: selection.selections ? selection.selections.map(toRequirement) : null,
      }
    case 'InlineFragment':
      return { kind: 'type', name: selection.typeCondition, selections: selection.selections.map(toRequirement) }
    case 'FragmentSpread':
      return unknown('a fragment spread in what an entity requires')
  }
}

function toRewrite(rewrite: FetchRewrite): Rewrite {
  if ('kind' in rewrite) return { kind: 'set', path: toRewritePath(rewrite.path), value: rewrite.setValueTo }
  if ('ValueSetter' in rewrite) {
    return { kind: 'set', path: toRewritePath(rewrite.ValueSetter.path), value: rewrite.ValueSetter.setValueTo }
  }
  return { kind: 'rename', path: toRewritePath(rewrite.KeyRenamer.path), to: rewrite.KeyRenamer.renameKeyTo }
}

function toRewritePath(path: readonly FetchNodePathSegment[]): Rewrite['path'] {
  return path.map((segment) =>
    'Key' in segment ? { kind: 'field', key: segment.Key } : { kind: 'type', names: segment.TypenameEquals },
  )
}

/** Output rewrites of entities start at the response's root or at its `_entities`: ours start at the entity. */
function below(rewrite: Rewrite, alias: string): Rewrite {
  const [first, ...rest] = rewrite.path
  return first?.kind === 'field' && (first.key === alias || first.key === '_entities')
    ? { ...rewrite, path: rest }
    : rewrite
}

function unknown(what: string): never {
  throw new MeshgateError('PLAN_FAILED', `The planner answered with ${what}, which this gateway does not execute.`)
}
