// Adds fields to what a request selects of an object: one entry for a field with its arguments, shared by all who need it.
import type { GraphId } from '../../supergraph/supergraph.ts'
import {
  append,
  appendTo,
  countSelection,
  fieldKey,
  record,
  type Entry,
  type FieldRequest,
  type Planning,
  type Selection,
  type Source,
} from './planning.ts'
import { answers, fieldOf, isComposite, isInterfaceObject, possibleIn, providedBelow } from './resolvable.ts'
import { readType } from './type-text.ts'

export interface Selected {
  readonly types: readonly string[]
  readonly entry: Entry
}

export function createSelection(graph: GraphId, statics: readonly string[]): Selection {
  return { graph, statics, entries: [], index: new Map(), mergedInto: null }
}

/** Entries by concrete type: those whose field has another shape in the subgraph get an entry of their own. */
export function select(
  planning: Planning,
  source: Source,
  types: readonly string[],
  field: FieldRequest,
): readonly Selected[] {
  countSelection(planning)
  const plain = unconditionalTypes(planning, source, types, field)
  if (plain !== null)
    return [{ types, entry: enter(planning, source, { types, field, printed: plain, isConditional: false }) }]
  const byShape = new Map<string, { types: string[]; printed: string[] }>()
  for (const type of types) {
    const printed = typeIn(planning, source.graph, type, field.name) ?? ''
    const { named, wrappers } = readType(printed)
    const shape = isComposite(planning, named) ? wrappers : printed
    const group = byShape.get(shape) ?? { types: [], printed: [] }
    group.types.push(type)
    if (!group.printed.includes(printed)) group.printed.push(printed)
    byShape.set(shape, group)
  }
  return [...byShape.values()].map((group) => ({
    types: group.types.length === types.length ? types : group.types,
    entry: enter(planning, source, { types: group.types, field, printed: group.printed, isConditional: true }),
  }))
}

/** The source's `__typename`. */
export function selectTypename(planning: Planning, { selection }: Source): Entry {
  const known = selection.entries.find(({ name }) => name === '__typename')
  if (known !== undefined) return known
  const entry: Entry = {
    name: '__typename',
    arguments: '',
    variables: [],
    types: null,
    shape: 'String!',
    child: null,
    provided: null,
    clientKey: null,
    onlyOf: '',
    isHarmless: true,
    mergedInto: null,
    key: '__typename',
  }
  append(planning, selection.entries, entry)
  return entry
}

interface Entering {
  readonly types: readonly string[]
  readonly field: FieldRequest
  /** The field's types in the subgraph, all of one shape. */
  readonly printed: readonly string[]
  readonly isConditional: boolean
}

function enter(planning: Planning, source: Source, entering: Entering): Entry {
  const { types, field, printed, isConditional } = entering
  const { selection } = source
  const { named, wrappers } = readType(printed[0] ?? '')
  const composite = isComposite(planning, named)
  const shape = composite ? wrappers : (printed[0] ?? '')
  const only = composite ? onlyOf(source, types) : ''
  const key = composite ? `${fieldKey(field)} ${only}` : `${field.name}(${field.arguments})`
  for (const entry of selection.index.get(key) ?? []) {
    if (entry.shape !== shape) continue
    if (entry.types === null ? isConditional && composite : isConditional === false) continue
    if (composite && entry.types !== null && !isSame(entry.types, types)) continue
    widen(planning, entry, types)
    wantKey(planning, entry, field.clientKey)
    return entry
  }
  const entry: Entry = {
    name: field.name,
    arguments: field.arguments,
    variables: field.variables,
    types: isConditional ? types : null,
    shape,
    child: composite ? createSelection(source.graph, [...new Set(printed.map((each) => readType(each).named))]) : null,
    provided: composite ? provides(planning, source, types, field) : null,
    clientKey: field.clientKey,
    onlyOf: only,
    isHarmless: isHarmless(planning, source.graph, types, field.name),
    mergedInto: null,
    key: '',
  }
  append(planning, selection.entries, entry)
  appendTo(planning, selection.index, key, entry)
  return entry
}

/**
 * An interface object is asked for all types at once. What some of them ask below a field has an entry of its own: where it fails, it takes
 * nothing along that the others ask.
 */
function onlyOf(source: Source, types: readonly string[]): string {
  if (!source.isInterfaceObject) return ''
  const met = source.types ?? source.site.types
  return met.every((type) => types.includes(type)) ? '' : types.toSorted().join()
}

/** Where it fails no object goes with it. */
function isHarmless(planning: Planning, graph: GraphId, types: readonly string[], name: string): boolean {
  return types.every((type) => {
    const inGraph = fieldOf(planning, type, name)?.graphs.get(graph)
    return inGraph === undefined || inGraph.inKey || readType(inGraph.type).isNullable
  })
}

function widen(planning: Planning, entry: Entry, types: readonly string[]): void {
  const before = entry.types
  if (before === null) return
  const added = types.filter((type) => !before.includes(type))
  if (added.length === 0) return
  entry.types = [...before, ...added]
  record(planning, () => void (entry.types = before))
}

function wantKey(planning: Planning, entry: Entry, key: string | null): void {
  if (key === null || entry.clientKey !== null) return
  entry.clientKey = key
  record(planning, () => void (entry.clientKey = null))
}

/** Printed types of the field where it can stand without a type condition, else null. */
function unconditionalTypes(
  planning: Planning,
  source: Source,
  types: readonly string[],
  field: FieldRequest,
): readonly string[] | null {
  const { statics, graph } = source.selection
  if (statics.length === 0) return null
  const printed: string[] = []
  for (const name of statics) {
    const type = planning.supergraph.types.get(name)
    const own = typeIn(planning, graph, name, field.name)
    if (type === undefined || own === null) return null
    if (type.kind !== 'object' && !isInterfaceObject(planning, graph, name)) {
      if (!hasArguments(planning, name, field)) return null
      if (types !== source.site.types && !includesMet(possibleIn(planning, graph, name), source.site.types, types))
        return null
    } else if (type.kind === 'object' && !types.includes(name)) return null
    if (!printed.includes(own)) printed.push(own)
  }
  const composite = isComposite(planning, readType(printed[0] ?? '').named)
  const shapes = new Set(printed.map((each) => (composite ? readType(each).wrappers : each)))
  return shapes.size === 1 ? printed : null
}

/** A type of the graph that cannot be met here does not matter. */
function includesMet(possible: readonly string[], met: readonly string[], types: readonly string[]): boolean {
  const asked = new Set(types)
  const missing = new Set(met.filter((type) => !asked.has(type)))
  return missing.size === 0 || !possible.some((type) => missing.has(type))
}

function typeIn(planning: Planning, graph: GraphId, type: string, field: string): string | null {
  return fieldOf(planning, type, field)?.graphs.get(graph)?.type ?? null
}

/** An implementing type's field may take arguments that the interface's does not. */
function hasArguments(planning: Planning, type: string, field: FieldRequest): boolean {
  if (field.arguments === '') return true
  const named = planning.supergraph.publicSchema.getType(type)
  const definition = named !== undefined && 'getFields' in named ? named.getFields()[field.name] : undefined
  if (definition === undefined || !('args' in definition)) return false
  return field.argumentNames.every((name) => definition.args.some((each) => each.name === name))
}

function provides(planning: Planning, source: Source, types: readonly string[], field: FieldRequest) {
  const all = types.map((type) => {
    const own = answers(planning, source.graph, type, { ...field, provided: source.provided })?.provides ?? null
    const above = providedBelow(planning, source.provided, type, field.name)
    return own === null ? above : above === null ? own : [...own, ...above]
  })
  const [first = null] = all
  return all.every((each) => each === first || JSON.stringify(each) === JSON.stringify(first)) ? first : null
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((each) => b.includes(each)))
}
