// Who answers a field: rules of @override, @external and @shareable that the composition library passes over.
import { Kind, type SelectionSetNode } from 'graphql'
import type { CompositionProblem } from './composition-problem.ts'
import { selectionOf } from './parse-selection.ts'
import { stringValue } from '../supergraph/directive-values.ts'
import { fieldsText, isExternal, type SubgraphField, type SubgraphModel, type SubgraphType } from './subgraph-model.ts'

interface Definition {
  readonly subgraph: SubgraphModel
  readonly type: SubgraphType
  readonly field: SubgraphField
  /** The subgraph that it takes the field over from. */
  readonly from: string | null
  readonly isLabelled: boolean
}

export function checkSharing(subgraphs: readonly SubgraphModel[]): CompositionProblem[] {
  const definitions = new Map<string, Definition[]>()
  for (const subgraph of subgraphs) {
    for (const type of subgraph.types.values()) {
      for (const field of type.fields.values()) {
        const [override = {}] = field.applied('override')
        const coordinate = `${type.name}.${field.name}`
        const isLabelled = stringValue(override, 'label') !== null
        const definition = { subgraph, type, field, from: stringValue(override, 'from'), isLabelled }
        definitions.set(coordinate, [...(definitions.get(coordinate) ?? []), definition])
      }
    }
  }
  const all = [...definitions].flatMap(([coordinate, each]) => [
    ...overrideChains(coordinate, each),
    ...takenTwice(coordinate, each),
    ...each.flatMap((definition) => externalMisuse(coordinate, definition)),
  ])
  return [...all, ...subgraphs.flatMap((subgraph) => providedUnshared(subgraphs, subgraph))]
}

function overrideChains(coordinate: string, definitions: readonly Definition[]): CompositionProblem[] {
  return definitions.flatMap(({ subgraph, field, from }) => {
    const source = definitions.find((each) => each.subgraph.name === from && each.subgraph !== subgraph)
    if (source?.from === null || source === undefined) return []
    const message = `${coordinate} is taken over from subgraph ${from}, which itself takes it over from ${source.from}. Only one of them may carry @override: name ${source.from} here, or take @override out of ${from}.`
    return [
      {
        subgraphs: [subgraph.name, source.subgraph.name],
        code: 'OVERRIDE_SOURCE_HAS_OVERRIDE',
        message,
        line: field.line,
      },
    ]
  })
}

/** Several that take it over: what is left after it must be shareable, as ever. */
function takenTwice(coordinate: string, definitions: readonly Definition[]): CompositionProblem[] {
  const taking = definitions.filter(({ from, isLabelled }) => from !== null && !isLabelled)
  const [first, second] = taking.filter(({ type, field }) => !isExternal(type, field))
  const unshared = taking.find((definition) => !isShareable(definition))
  if (first === undefined || second === undefined || unshared === undefined) return []
  // One that takes it from another of them is a chain, and reported as that.
  if (taking.some(({ from }) => taking.some(({ subgraph }) => subgraph.name === from))) return []
  const names = taking.map(({ subgraph }) => subgraph.name)
  const message = `${coordinate} is taken over by ${names.join(' and ')}, and then both answer it without sharing it. Keep one, or mark it @shareable in all.`
  return [{ subgraphs: names, code: 'INVALID_FIELD_SHARING', message, line: first.field.line }]
}

function externalMisuse(coordinate: string, { subgraph, type, field }: Definition): CompositionProblem[] {
  // Federation 1 schemas are full of both; there they mean nothing.
  if (!subgraph.isFederation2 || field.applied('external').length === 0) return []
  const at = { subgraphs: [subgraph.name], line: field.line }
  if (type.kind === 'interface') {
    const message = `${coordinate} is a field of an interface, and @external says who answers a field: mark the fields of the types that implement ${type.name}.`
    return [{ ...at, code: 'EXTERNAL_ON_INTERFACE', message }]
  }
  if (field.applied('provides').length === 0) return []
  const message = `${coordinate} cannot be both @external and with @provides: this subgraph does not answer it. Take one of them out.`
  return [{ ...at, code: 'EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE', message }]
}

function isShareable({ subgraph, type, field }: Pick<Definition, 'subgraph' | 'type' | 'field'>): boolean {
  if (!subgraph.isFederation2) return true
  if (field.applied('shareable').length > 0 || type.applied('shareable').length > 0) return true
  return type.applied('key').some((key) => selected(fieldsText(key)).includes(field.name))
}

/** What one subgraph provides, another one shares: else the other's author takes it for theirs alone. */
function providedUnshared(subgraphs: readonly SubgraphModel[], subgraph: SubgraphModel): CompositionProblem[] {
  const found = new Map<string, CompositionProblem>()
  for (const type of subgraph.types.values()) {
    for (const field of type.fields.values()) {
      for (const values of field.applied('provides')) {
        const below = subgraph.types.get(field.namedType)
        if (below === undefined) continue
        for (const provided of providedFields(subgraph, below, selectionOf(fieldsText(values)))) {
          const coordinate = `${provided.type.name}.${provided.field.name}`
          const owner = ownersOf(subgraphs, subgraph, provided).find((each) => !isShareable(each))
          if (owner === undefined || found.has(coordinate)) continue
          found.set(coordinate, {
            subgraphs: [owner.subgraph.name, subgraph.name],
            code: 'INVALID_FIELD_SHARING',
            message: `${coordinate} is provided by subgraph ${subgraph.name} (${type.name}.${field.name}), so that two subgraphs answer it. Mark it @shareable in ${owner.subgraph.name}.`,
            line: owner.field.line,
          })
        }
      }
    }
  }
  return [...found.values()]
}

interface Provided {
  readonly type: SubgraphType
  readonly field: SubgraphField
}

function ownersOf(
  subgraphs: readonly SubgraphModel[],
  except: SubgraphModel,
  { type, field }: Provided,
): (Provided & { subgraph: SubgraphModel })[] {
  return subgraphs.flatMap((subgraph) => {
    const ownType = subgraph.types.get(type.name)
    const own = ownType?.fields.get(field.name)
    if (subgraph === except || ownType === undefined || own === undefined || isExternal(ownType, own)) return []
    return ownType.kind === 'object' ? [{ subgraph, type: ownType, field: own }] : []
  })
}

function providedFields(
  subgraph: SubgraphModel,
  type: SubgraphType,
  selectionSet: SelectionSetNode | null,
): Provided[] {
  return (selectionSet?.selections ?? []).flatMap((selection): Provided[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = subgraph.types.get(selection.typeCondition?.name.value ?? type.name)
      return condition === undefined ? [] : providedFields(subgraph, condition, selection.selectionSet)
    }
    const field = type.fields.get(selection.name.value)
    if (field === undefined) return []
    const below = subgraph.types.get(field.namedType)
    const here = isExternal(type, field) ? [{ type, field }] : []
    return below === undefined ? here : [...here, ...providedFields(subgraph, below, selection.selectionSet ?? null)]
  })
}

function selected(text: string | null): string[] {
  return (selectionOf(text)?.selections ?? []).flatMap((each) => (each.kind === Kind.FIELD ? [each.name.value] : []))
}
