// Reads a composed supergraph (join specification v0.1 to v0.5, whoever composed it) into the planner's model and the public schema.
// What could not be planned, or would be passed over silently, is refused here, all of it at once.
import { buildASTSchema, parse, print, type DocumentNode } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import { readCostRules } from '../cost/cost-rules.ts'
import { completeTypes } from './complete-types.ts'
import { readCompositeTypes, readGraphs, type DraftType } from './composite-types.ts'
import { directiveName, findFeature, linkedFeatures, schemaNodes, unenforcedFeatures } from './linked-features.ts'
import { publicDocument } from './public-document.ts'
import { readAccess } from './read-access.ts'
import type { Supergraph } from './supergraph.ts'
import { unplannable } from './unplannable.ts'

/** COMPOSITION_FAILED where it is no supergraph, or uses what this gateway does not do. */
export function readSupergraph(supergraphSdl: string): Supergraph {
  const document = parseSdl(supergraphSdl)
  const features = linkedFeatures(document)
  const join = findFeature(features, 'join')
  const names = {
    prefix: join?.prefix ?? 'join',
    isFirst: join?.version === 'v0.1',
    inaccessible: directiveName(features, 'inaccessible', 'inaccessible') ?? 'inaccessible',
  }
  const { graphs, ids } = readGraphs(document, names.prefix)
  const types = readCompositeTypes(document, names, { graphs, ids })
  refuse([...unenforcedFeatures(features), ...unplannable({ document, prefix: names.prefix, types, graphs })])
  completeTypes(types, names.isFirst)
  const roots = rootTypes(document, types)
  const visible = publicDocument(document, features)
  let publicSdl: string | null = null
  return {
    graphs,
    types,
    ...roots,
    overrideLabels: overrideLabels(types),
    access: readAccess(document, features, types),
    costs: readCostRules(document, features),
    publicSchema: buildASTSchema(visible, { assumeValidSDL: true }),
    /** Printed when it is first asked for: a third of the time that 500 types take to load. */
    get publicSdl() {
      return (publicSdl ??= print(visible))
    },
  }
}

function parseSdl(sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('COMPOSITION_FAILED', `The supergraph is no GraphQL document: ${reason}`, error)
  }
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new MeshgateError('COMPOSITION_FAILED', `The supergraph cannot be served.\n${problems.join('\n')}`)
}

function rootTypes(
  document: DocumentNode,
  types: ReadonlyMap<string, DraftType>,
): Pick<Supergraph, 'queryType' | 'mutationType' | 'subscriptionType'> {
  const named = new Map<string, string>()
  for (const schema of schemaNodes(document)) {
    for (const { operation, type } of schema.operationTypes ?? []) named.set(operation, type.name.value)
  }
  const root = (operation: string, usual: string): string | null => {
    const name = named.get(operation) ?? (named.size === 0 ? usual : null)
    return name !== null && types.has(name) ? name : null
  }
  return {
    queryType: root('query', 'Query') ?? 'Query',
    mutationType: root('mutation', 'Mutation'),
    subscriptionType: root('subscription', 'Subscription'),
  }
}

function overrideLabels(types: ReadonlyMap<string, DraftType>): string[] {
  const labels = new Set<string>()
  for (const { fields } of types.values()) {
    for (const { graphs } of fields.values()) {
      for (const { label } of graphs.values()) if (label !== null) labels.add(label.name)
    }
  }
  return [...labels]
}
