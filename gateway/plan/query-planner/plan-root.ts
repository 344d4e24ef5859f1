// The root of mutations and subscriptions: each root field is one request to one subgraph, in order, with all that is below it before the next.
import { isNonNullType, type OperationDefinitionNode } from 'graphql'
import type { GraphId } from '../../supergraph/supergraph.ts'
import { partDenied } from './access.ts'
import { collectItems, type Collecting } from './collect-items.ts'
import { lookahead } from './lookahead.ts'
import { planObject, type PlannedField, type PlannedObject } from './plan-object.ts'
import { attempt, countSelection, DEAD_END, type FieldRequest, type Planning, type Site } from './planning.ts'
import { answers, fieldOf } from './resolvable.ts'
import { select } from './select.ts'
import { addRootSource, childSite } from './sites.ts'
import { readType } from './type-text.ts'
import { writeArguments } from './write-arguments.ts'
import type { Item } from './collect-items.ts'

export function planSerialRoot(
  planning: Planning,
  collecting: Collecting,
  site: Site,
  operation: OperationDefinitionNode,
): PlannedObject {
  const items = partDenied(planning, collectItems(collecting, [operation.selectionSet], site.types))
  const fields = items.map((item): PlannedField => {
    countSelection(planning)
    const name = item.nodes[0]?.name.value ?? ''
    if (item.denied !== undefined) return { kind: 'denied', item, type: item.denied }
    if (name === '__typename') return { kind: 'typename', item }
    if (name.startsWith('__')) return { kind: 'introspection', item }
    const planned = planRootField(planning, collecting, { site, item, operation: operation.operation })
    planning.stage++
    return planned
  })
  return { site, fields }
}

interface RootField {
  readonly site: Site
  readonly item: Item
  readonly operation: OperationDefinitionNode['operation']
}

function planRootField(planning: Planning, collecting: Collecting, { site, item, operation }: RootField): PlannedField {
  const [node] = item.nodes
  const name = node?.name.value ?? ''
  const [type = ''] = site.types
  const definition = fieldOf(planning, type, name)
  const below = item.nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const { text, variables } = writeArguments(node?.arguments)
  const field: FieldRequest = {
    name,
    arguments: text,
    argumentNames: [],
    variables,
    clientKey: item.responseKey,
    below,
    forKey: false,
    helpful: null,
  }
  const graphs = [...(definition?.graphs ?? [])]
    .filter(([graph]) => answers(planning, graph, type, field) !== null)
    .map(([graph, own]) => ({ graph, cost: lookahead(planning, graph, readType(own.type).named, below) }))
    .toSorted((a, b) => a.cost - b.cost)
  // No other graph can be entered later: one may be the only one that leads to all that is below.
  for (const { graph } of graphs) {
    const planned = attempt(planning, () => planFrom(planning, collecting, { site, item, operation, graph, field }))
    if (planned !== null) return planned
  }
  throw DEAD_END
}

interface RootFieldFrom extends RootField {
  readonly graph: GraphId
  readonly field: FieldRequest
}

function planFrom(planning: Planning, collecting: Collecting, from: RootFieldFrom): PlannedField {
  const { site, item, operation, graph, field } = from
  const [type = ''] = site.types
  const source = addRootSource(planning, site, graph, operation)
  const [selected] = select(planning, source, site.types, field)
  const definition = fieldOf(planning, type, field.name)
  if (selected === undefined || definition === undefined) throw DEAD_END
  if (isRequired(planning, operation, type, field.name)) source.request.requiredEntry = selected.entry
  const placement = { ...selected, source }
  const below = field.below ?? []
  if (below.length === 0) return { kind: 'leaf', item, type: definition.type, placement }
  const child = childSite(planning, source, { types: selected.types, entry: selected.entry }, field)
  return {
    kind: 'object',
    item,
    types: site.types,
    type: definition.type,
    child: planObject(planning, collecting, child, below),
  }
}

function isRequired(planning: Planning, operation: string, type: string, name: string): boolean {
  if (operation !== 'mutation') return false
  const named = planning.supergraph.publicSchema.getType(type)
  const field = named !== undefined && 'getFields' in named ? named.getFields()[name] : undefined
  return field !== undefined && isNonNullType(field.type)
}
