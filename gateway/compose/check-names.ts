// Names that federation keeps for itself, and specifications that a subgraph links and that composition would lose without a word.
import type { CompositionProblem } from './composition-problem.ts'
import type { SubgraphModel } from './subgraph-model.ts'

const RESERVED_PREFIXES = ['join__', 'core__']
/** Federation's own fields of the query type, with the types that it gives them. */
const RESERVED_FIELDS: ReadonlyMap<string, string> = new Map([
  ['_entities', '_Entity'],
  ['_service', '_Service'],
])
/** Kinds in which a subgraph's printed SDL may hold federation's own types. */
const RESERVED_TYPES: ReadonlyMap<string, string> = new Map([
  ['_Entity', 'union'],
  ['_Service', 'object'],
  ['_Any', 'scalar'],
])
const APOLLO = 'https://specs.apollo.dev/'
const COMPOSED = new Set(
  'link core federation tag inaccessible cost authenticated requiresScopes policy context'
    .split(' ')
    .map((name) => APOLLO + name),
)

export function checkNames(subgraph: SubgraphModel): CompositionProblem[] {
  const problems: CompositionProblem[] = []
  const add = (code: string, message: string, line?: number): void => {
    problems.push({ subgraphs: [subgraph.name], code, message, ...(line === undefined ? {} : { line }) })
  }
  if (subgraph.name.trim() === '') add('INVALID_SUBGRAPH_NAME', 'A subgraph has no name. Give it one.')
  for (const type of subgraph.types.values()) {
    const prefix = RESERVED_PREFIXES.find((each) => type.name.startsWith(each))
    if (prefix !== undefined) {
      add(
        'RESERVED_NAME',
        `Type ${type.name}: names that begin with ${prefix} are the supergraph's own. Rename it.`,
        type.line,
      )
    }
    const kind = RESERVED_TYPES.get(type.name)
    if (kind !== undefined && (kind !== type.kind || hasOwnFields(type.fields.keys()))) {
      add('RESERVED_NAME', `Type ${type.name} is federation's own. Rename yours.`, type.line)
    }
    for (const field of type.name === 'Query' ? type.fields.values() : []) {
      const expected = RESERVED_FIELDS.get(field.name)
      if (expected !== undefined && expected !== field.namedType) {
        add('RESERVED_NAME', `Query.${field.name} is federation's own field. Rename yours.`, field.line)
      }
    }
  }
  for (const { url, identity, purpose } of subgraph.features) {
    const isLost = identity.startsWith(APOLLO) || purpose !== null
    if (!isLost || COMPOSED.has(identity)) continue
    add(
      'UNSUPPORTED_LINKED_FEATURE',
      `@link(url: "${url}"${purpose === null ? '' : `, for: ${purpose}`}) asks for what this gateway does not do. Take it out, with its directives.`,
    )
  }
  return problems
}

/** Of `_Service`. */
function hasOwnFields(names: Iterable<string>): boolean {
  return [...names].some((name) => name !== 'sdl')
}
