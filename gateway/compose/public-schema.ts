// What a client may see of a supergraph, for validation and download, and what the supergraph says of its own parts.
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import { buildASTSchema, Kind, parse, print, visit, type DocumentNode, type GraphQLSchema } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'

export interface SupergraphSchemas {
  /** Everything that clients may ask, without federation's own types and what is @inaccessible. */
  readonly publicSchema: GraphQLSchema
  readonly publicSdl: string
  /** Concrete types that a type name stands for (itself included), @inaccessible ones too: entities in flight may be of those. */
  readonly concreteTypes: ReadonlyMap<string, ReadonlySet<string>>
  /** Name and URL of every subgraph, from join__Graph. */
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[]
}

/** COMPOSITION_FAILED where it uses what this gateway would silently ignore. */
export function readSupergraph(supergraphSdl: string): SupergraphSchemas {
  const supergraph = parse(supergraphSdl, { noLocation: true })
  refuseContextArguments(supergraph)
  const publicDocument = transformSupergraphToPublicSchema(supergraph)
  return {
    publicSchema: buildASTSchema(publicDocument, { assumeValidSDL: true }),
    publicSdl: print(publicDocument),
    concreteTypes: concreteTypes(supergraph),
    subgraphs: joinGraphs(supergraph),
  }
}

/** How @fromContext looks once composed. The planner 0.0.38 would leave the argument out, and the subgraph would answer something else. */
function refuseContextArguments(supergraph: DocumentNode): void {
  const found: string[] = []
  let type = ''
  visit(supergraph, {
    ObjectTypeDefinition: (node) => void (type = node.name.value),
    InterfaceTypeDefinition: (node) => void (type = node.name.value),
    FieldDefinition: (field) => {
      const directives = [
        ...(field.directives ?? []),
        ...(field.arguments ?? []).flatMap((each) => each.directives ?? []),
      ]
      const usesContext = directives.some(
        ({ name, arguments: values = [] }) =>
          /^(federation__)?fromContext$/.test(name.value) ||
          (name.value === 'join__field' && values.some((value) => value.name.value === 'contextArguments')),
      )
      if (usesContext) found.push(`${type}.${field.name.value}`)
    },
  })
  if (found.length === 0) return
  const message = `The supergraph uses @fromContext in ${found.join(', ')}, which this gateway cannot plan. Pass the value as an argument or by @requires, and compose it anew.`
  throw new MeshgateError('COMPOSITION_FAILED', message)
}

export function readConcreteTypes(supergraphSdl: string): SupergraphSchemas['concreteTypes'] {
  return concreteTypes(parse(supergraphSdl, { noLocation: true }))
}

function concreteTypes(supergraph: DocumentNode): ReadonlyMap<string, ReadonlySet<string>> {
  const types = new Map<string, Set<string>>()
  const add = (name: string, concrete: string): void => {
    const known = types.get(name) ?? new Set([name])
    known.add(concrete)
    types.set(name, known)
  }
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
      add(definition.name.value, definition.name.value)
      for (const implemented of definition.interfaces ?? []) add(implemented.name.value, definition.name.value)
    } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of definition.types ?? []) add(definition.name.value, member.name.value)
    } else if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      // An interface that another implements: an interface object of the latter is one of the former.
      add(definition.name.value, definition.name.value)
      for (const implemented of definition.interfaces ?? []) add(implemented.name.value, definition.name.value)
    }
  }
  return types
}

function joinGraphs(supergraph: DocumentNode): { name: string; url: string }[] {
  const graphs = supergraph.definitions.find(
    (definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph',
  )
  if (graphs?.kind !== Kind.ENUM_TYPE_DEFINITION) return []
  return (graphs.values ?? []).map((value) => {
    const join = value.directives?.find((directive) => directive.name.value === 'join__graph')
    const argument = (name: string): string => {
      const found = join?.arguments?.find((candidate) => candidate.name.value === name)?.value
      return found?.kind === Kind.STRING ? found.value : ''
    }
    return { name: argument('name') || value.name.value, url: argument('url') }
  })
}
