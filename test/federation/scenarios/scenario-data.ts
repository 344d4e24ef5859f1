// The data of a scenario: plain objects that know their type, and functions for what is computed.
import { Kind, valueFromASTUntyped, type SelectionSetNode } from 'graphql'
import { selectionOf } from '../../../gateway/compose/parse-selection.ts'
import { fieldsText, type SubgraphModel } from '../../../gateway/compose/subgraph-model.ts'

/** `__typename` names its concrete type, where it is an entity or stands in an abstract place. */
export type DataObject = { readonly [field: string]: unknown }

export interface ScenarioData {
  /** Values of the root fields by root type; of a subscription the list of its events. */
  readonly roots: Readonly<Record<string, DataObject>>
  /** All entities that subgraphs can be asked for. */
  readonly entities?: readonly DataObject[]
}

/** A function gets what its @requires names (and nothing more), the field's arguments, and the object that it belongs to. */
export function isComputed(
  value: unknown,
): value is (required: unknown, values: unknown, object: DataObject) => unknown {
  return typeof value === 'function'
}

/** What any subgraph's @requires of the field selects of the object: a representation, as a gateway should make it. */
export function evaluate(
  models: readonly SubgraphModel[],
  { object, type, field }: { object: DataObject; type: string; field: string },
): DataObject {
  for (const { types } of models) {
    // The field may stand on an interface object that the type's interface is elsewhere.
    const holders = [...types.values()].filter(
      ({ name, applied }) => name === type || applied('interfaceObject').length > 0,
    )
    for (const holder of holders) {
      const [requires] = holder.fields.get(field)?.applied('requires') ?? []
      const selection = requires === undefined ? null : selectionOf(fieldsText(requires))
      if (selection !== null) return select(models, object, selection) as DataObject
    }
  }
  return {}
}

function select(models: readonly SubgraphModel[], value: unknown, selectionSet: SelectionSetNode): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => select(models, item, selectionSet))
  if (typeof value !== 'object' || value === null) return value
  const object = value as DataObject
  const selected: Record<string, unknown> = {}
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) continue
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value ?? ''
      if (isOf(models, object, condition)) Object.assign(selected, select(models, object, selection.selectionSet))
      continue
    }
    const name = selection.name.value
    const values = Object.fromEntries(
      (selection.arguments ?? []).map((each): [string, unknown] => [each.name.value, valueFromASTUntyped(each.value)]),
    )
    const own = object[name]
    const type = String(object['__typename'])
    const result = isComputed(own) ? own(evaluate(models, { object, type, field: name }), values, object) : own
    selected[name] = selection.selectionSet === undefined ? result : select(models, result, selection.selectionSet)
  }
  return selected
}

export function isOf(models: readonly SubgraphModel[], object: DataObject, type: string): boolean {
  const name = String(object['__typename'])
  if (name === type) return true
  return models.some(({ types }) => {
    return types.get(name)?.interfaces.has(type) === true || types.get(type)?.members.includes(name) === true
  })
}
