// One subgraph's resolvers over a scenario's data: its own fields only, and those that a path @provides.
import { Kind, type SelectionSetNode } from 'graphql'
import { selectionOf } from '../../../gateway/compose/parse-selection.ts'
import {
  fieldsText,
  isExternal,
  type SubgraphField,
  type SubgraphModel,
  type SubgraphType,
} from '../../../gateway/compose/subgraph-model.ts'
import { stringValue } from '../../../gateway/supergraph/directive-values.ts'
import type { Resolvers } from '../merged-mesh.ts'
import { isComputed, isOf, type DataObject, type ScenarioData } from './scenario-data.ts'

interface Options {
  readonly models: readonly SubgraphModel[]
  readonly name: string
  readonly data: ScenarioData
  readonly active: readonly string[]
}

/** An object as the subgraph holds it. */
interface Held {
  readonly __typename: string
  readonly object: DataObject
  /** What was sent with it, where it was looked up. */
  readonly sent: DataObject
  /** External fields that the path to it provides. */
  readonly provided: readonly SelectionSetNode[]
}

export function subgraphResolvers(options: Options): Resolvers {
  const model = options.models.find(({ name }) => name === options.name)
  if (model === undefined) throw new Error(`no subgraph ${options.name}`)
  const resolvers: Record<string, Record<string, unknown>> = {}
  for (const type of model.types.values()) {
    const own: Record<string, unknown> = {}
    if (type.kind === 'interface' || type.kind === 'union') {
      own['__resolveType'] = (held: Held) => held.__typename
    }
    if (type.kind === 'object') {
      for (const field of type.fields.values()) {
        const resolve = fieldResolver(options, model, { type, field })
        own[field.name] =
          type.name === 'Subscription' ? { subscribe: () => events(options.data, field.name), resolve } : resolve
      }
    }
    if (type.applied('key').length > 0) {
      own['__resolveReference'] = (sent: DataObject) => resolveReference(options, type, sent)
    }
    if (Object.keys(own).length > 0) resolvers[type.name] = own
  }
  return resolvers
}

function fieldResolver(
  options: Options,
  model: SubgraphModel,
  { type, field }: { type: SubgraphType; field: SubgraphField },
): (held: Held | undefined, values: Record<string, unknown>) => unknown {
  const coordinate = `${type.name}.${field.name}`
  const provides = field.applied('provides').flatMap((values) => selectionOf(fieldsText(values)) ?? [])
  const takenBy = takenOver(options, { type, field })
  return (held, values) => {
    const object = held?.object ?? options.data.roots[type.name] ?? {}
    const below = (held?.provided ?? []).flatMap((each) =>
      selectionsOf(options.models, each, { object, name: field.name }),
    )
    if (isExternal(type, field) && below.length === 0 && !isInKey(type, field)) {
      throw new Error(`${model.name} is asked for ${coordinate}, which is external there`)
    }
    if (takenBy !== null && !isInKey(type, field))
      throw new Error(`${model.name} is asked for ${coordinate}, which ${takenBy} has taken over`)
    const value = object[field.name]
    const result = isComputed(value) ? value(held?.sent ?? {}, values, object) : value
    const nested = below.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]))
    return hold(result, { provided: [...provides, ...nested], type: model.types.get(field.namedType) })
  }
}

/** Each with the root object that its event makes. */
async function* events({ roots }: ScenarioData, field: string): AsyncGenerator<Held> {
  for (const event of (roots['Subscription']?.[field] ?? []) as readonly unknown[]) {
    yield { __typename: 'Subscription', object: { [field]: event }, sent: {}, provided: [] }
  }
}

function hold(
  value: unknown,
  place: { provided: readonly SelectionSetNode[]; type: SubgraphType | undefined },
): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => hold(item, place))
  if (typeof value !== 'object' || value === null || value instanceof Error) return value
  if (place.type === undefined || ['scalar', 'enum'].includes(place.type.kind)) return value
  const object = value as DataObject
  // An object type's own name: an interface object's is the interface's.
  const __typename = place.type.kind === 'object' ? place.type.name : String(object['__typename'])
  return { __typename, object, sent: {}, provided: place.provided } satisfies Held
}

/** Fields of a selection that are this field of the object. */
function selectionsOf(
  models: readonly SubgraphModel[],
  selectionSet: SelectionSetNode,
  at: { object: DataObject; name: string },
): { selectionSet: SelectionSetNode | undefined }[] {
  return selectionSet.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD)
      return selection.name.value === at.name ? [{ selectionSet: selection.selectionSet }] : []
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    const condition = selection.typeCondition?.name.value
    if (condition !== undefined && !isOf(models, at.object, condition)) return []
    return selectionsOf(models, selection.selectionSet, at)
  })
}

function resolveReference({ models, data, name }: Options, type: SubgraphType, sent: DataObject): Held | null {
  const keys = type
    .applied('key')
    .flatMap((key) => (key['resolvable'] === false ? [] : (selectionOf(fieldsText(key)) ?? [])))
  if (keys.length === 0) throw new Error(`${name} is asked for ${type.name}, which it does not resolve`)
  const complete = keys.filter((key) => hasAll(sent, key))
  if (complete.length === 0)
    throw new Error(`${name} is asked for ${type.name} without a whole key: ${JSON.stringify(sent)}`)
  const object = (data.entities ?? []).find(
    (each) => isOf(models, each, type.name) && complete.some((key) => isSame(each, sent, key)),
  )
  if (object === undefined) return null
  const __typename = type.kind === 'object' ? type.name : String(object['__typename'])
  return { __typename, object, sent, provided: [] }
}

function hasAll(sent: unknown, { selections }: SelectionSetNode): boolean {
  if (Array.isArray(sent)) return true
  if (typeof sent !== 'object' || sent === null) return false
  return selections.every((each) => {
    if (each.kind !== Kind.FIELD) return false
    const value = (sent as DataObject)[each.name.value]
    return (
      value !== undefined && (each.selectionSet === undefined || value === null || hasAll(value, each.selectionSet))
    )
  })
}

function isSame(object: unknown, sent: unknown, { selections }: SelectionSetNode): boolean {
  if (Array.isArray(object) && Array.isArray(sent)) {
    return (
      object.length === sent.length &&
      object.every((item, at) => isSame(item, sent[at], { kind: Kind.SELECTION_SET, selections }))
    )
  }
  if (typeof object !== 'object' || typeof sent !== 'object' || object === null || sent === null) return object === sent
  return selections.every((each) => {
    if (each.kind !== Kind.FIELD || each.name.value === '__typename') return true
    const [own, given] = [(object as DataObject)[each.name.value], (sent as DataObject)[each.name.value]]
    return each.selectionSet === undefined
      ? JSON.stringify(own) === JSON.stringify(given)
      : isSame(own, given, each.selectionSet)
  })
}

function isInKey(type: SubgraphType, field: SubgraphField): boolean {
  const keys = type.applied('key').map((key) => selectionOf(fieldsText(key)))
  return keys.some(
    (key) => key?.selections.some((each) => each.kind === Kind.FIELD && each.name.value === field.name) === true,
  )
}

/** The subgraph that answers the field in place of this one. */
function takenOver(
  { models, name, active }: Options,
  { type, field }: { type: SubgraphType; field: SubgraphField },
): string | null {
  const isOn = (label: string | null): boolean => label === null || active.includes(label)
  const [own = {}] = field.applied('override')
  const label = stringValue(own, 'label')
  if (label !== null && !active.includes(label)) return stringValue(own, 'from')
  for (const other of models) {
    const [override = {}] = other.types.get(type.name)?.fields.get(field.name)?.applied('override') ?? []
    if (stringValue(override, 'from') === name && isOn(stringValue(override, 'label'))) return other.name
  }
  return null
}
