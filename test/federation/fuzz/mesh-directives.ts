// Gives a drafted mesh what makes federation hard: @requires, @provides, @override, @inaccessible, @tag.
import { makeField } from './field-maker.ts'
import { mergeNullability } from './merge-nullability.ts'
import {
  chance,
  defineField,
  ensure,
  entityOf,
  graphAt,
  isUsable,
  pickOne,
  someOf,
  type DraftField,
  type DraftGraph,
  type DraftType,
  type EntitySpec,
  type FieldSpec,
  type MeshDraft,
} from './mesh-draft.ts'
import { completeInterface } from './print-mesh.ts'

export function addDirectives(draft: MeshDraft): void {
  const entities = [...draft.specs.values()].filter((spec) => spec.kind === 'entity')
  for (let round = 0; round < 3; round++) {
    for (const entity of entities) if (chance(draft, 0.45)) addRequires(draft, entity)
  }
  addInterfaceObjectRequires(draft)
  for (const graph of draft.graphs) {
    for (const type of graph.types.values()) {
      if (type.kind !== 'object') continue
      for (const field of type.fields.values()) if (chance(draft, 0.22)) addProvides(draft, { graph, field })
    }
  }
  for (const entity of entities) if (chance(draft, 0.3)) addOverride(draft, entity)
  for (const entity of entities) if (chance(draft, 0.2)) hideField(draft, entity)
  for (const graph of draft.graphs) {
    for (const type of graph.types.values()) {
      for (const field of type.fields.values())
        if (!field.directives.has('@external') && chance(draft, 0.02)) field.directives.add('@tag(name: "t")')
    }
  }
}

export function resolvableKeys(type: DraftType | undefined): boolean {
  return [...(type?.directives ?? [])].some((each) => each.startsWith('@key') && !each.includes('resolvable: false'))
}

function definition(draft: MeshDraft, graph: number, [type, field]: readonly [string, string]): DraftField | undefined {
  return graphAt(draft, graph).types.get(type)?.fields.get(field)
}

/** In a subgraph that does not resolve it: external, as the others together say it is. */
export function defineExternal(
  draft: MeshDraft,
  graph: number,
  { type, spec }: { type: string; spec: FieldSpec },
): void {
  const here = ensure(draft, graph, type)
  if (here === undefined || here.fields.has(spec.name)) return
  const defined = draft.graphs
    .map(({ index }) => definition(draft, index, [type, spec.name]))
    .filter((field) => field !== undefined && !field.directives.has('@external'))
    .filter((field) => field !== undefined)
  const field = defineField(draft, { graph, type: here, spec })
  field.type = mergeNullability(defined.map((each) => each.type))
  field.arguments = spec.arguments.filter((argument) =>
    defined.every((each) => each.arguments.some(({ name }) => name === argument.name)),
  )
  field.directives.add('@external')
}

/** Who else answers it must say that it is shared. */
export function provideField(draft: MeshDraft, graph: number, { type, spec }: { type: string; spec: FieldSpec }): void {
  defineExternal(draft, graph, { type, spec })
  for (const each of draft.graphs) {
    const field = definition(draft, each.index, [type, spec.name])
    const isShared = [...(each.types.get(type)?.directives ?? [])].includes('@shareable')
    if (field !== undefined && !field.directives.has('@external') && !isShared) field.directives.add('@shareable')
  }
}

function addRequires(draft: MeshDraft, entity: EntitySpec): void {
  const graphs = [...entity.graphs].filter((graph) => resolvableKeys(graphAt(draft, graph).types.get(entity.name)))
  if (graphs.length === 0) return
  const graph = pickOne(draft, graphs)
  const rank = draft.rank
  const possible = entity.fields.filter(
    (field) => !field.owners.includes(graph) && field.rank < rank && isUsable(draft, graph, field.target),
  )
  if (possible.length === 0) return
  const parts = someOf(draft, possible, 1)
    .slice(0, 2)
    .flatMap((field) => {
      const part = requiredPart(draft, graph, field)
      if (part === null) return []
      defineExternal(draft, graph, { type: entity.name, spec: field })
      return [part]
    })
  if (parts.length === 0) return
  const targets = [...draft.specs.values()].filter(
    (spec) => isUsable(draft, graph, spec.name) && (spec.kind !== 'value' || spec.spread === null),
  )
  const target = chance(draft, 0.75) ? pickOne(draft, ['Int', 'String', 'Hue', 'Blob']) : pickOne(draft, targets).name
  const taken = entity.fields.map((field) => field.name)
  const spec = { ...makeField(draft, { taken, target, fixed: false }), owners: [graph] }
  entity.fields.push(spec)
  const type = ensure(draft, graph, entity.name)
  if (type === undefined) return
  defineField(draft, { graph, type, spec }).directives.add(`@requires(fields: ${JSON.stringify(parts.join(' '))})`)
}

/** What to require of a field; makes known what that needs in the subgraph. */
function requiredPart(draft: MeshDraft, graph: number, field: FieldSpec): string | null {
  const args = argumentLiterals(draft, field)
  if (args === null) return null
  const spec = draft.specs.get(field.target)
  const call = `${field.name}${args}`
  if (spec === undefined) return call
  const below = ((): string | null => {
    if (spec.kind === 'entity') return entityPart(draft, graph, spec)
    if (spec.kind === 'value') return valuePart(draft, graph, spec.name)
    if (spec.kind === 'entityInterface') return 'id'
    const parts = spec.members.flatMap((member) => {
      const entity = entityOf(draft, member)
      if (
        entity === undefined ||
        !isUsable(draft, graph, member) ||
        graphAt(draft, graph).types.get(spec.name) === undefined
      )
        return []
      const known = graphAt(draft, graph).types.get(spec.name)
      const isMember =
        known?.members.has(member) === true ||
        graphAt(draft, graph).types.get(member)?.implements.has(spec.name) === true
      const part = isMember ? entityPart(draft, graph, entity) : null
      return part === null ? [] : [`... on ${member} { ${part} }`]
    })
    if (spec.kind === 'interface' && (parts.length === 0 || chance(draft, 0.5))) return 'id'
    return parts.length === 0 ? null : parts.join(' ')
  })()
  return below === null ? null : `${call} { ${below} }`
}

function entityPart(draft: MeshDraft, graph: number, entity: EntitySpec): string | null {
  const type = ensure(draft, graph, entity.name)
  const leaves = entity.fields.filter((field) => !draft.specs.has(field.target))
  if (leaves.length > 0 && chance(draft, 0.75)) {
    const leaf = pickOne(draft, leaves)
    const args = argumentLiterals(draft, leaf)
    if (args !== null) {
      defineExternal(draft, graph, { type: entity.name, spec: leaf })
      return `${leaf.name}${args}`
    }
  }
  return type?.fields.has('id') === true ? 'id' : null
}

function valuePart(draft: MeshDraft, graph: number, name: string): string | null {
  const spec = draft.specs.get(name)
  const type = ensure(draft, graph, name)
  if (spec?.kind !== 'value' || type === undefined) return null
  const leaves = spec.fields.filter((field) => !draft.specs.has(field.target) && argumentLiterals(draft, field) === '')
  if (leaves.length === 0) return null
  const leaf = pickOne(draft, leaves)
  if (!type.fields.has(leaf.name)) defineField(draft, { graph, type, spec: leaf })
  return leaf.name
}

/** Null: it has one that cannot be written here. */
export function argumentLiterals(draft: MeshDraft, field: FieldSpec): string | null {
  const literals: Readonly<Record<string, string>> = {
    Int: '7',
    String: '"q"',
    Mode: 'M1',
    Both: 'B3',
    '[Int!]': '[4]',
    Boolean: 'false',
    ID: '"9"',
    Wish: '{ text: "r" }',
  }
  const parts: string[] = []
  for (const { name, type, defaultText } of field.arguments) {
    const isRequired = type.endsWith('!') && defaultText === null
    const literal = literals[type.replace(/!$/, '')]
    if (isRequired && literal === undefined) return null
    // An argument that not all have must not be given.
    const isEverywhere = draft.isEven || field.isFixed || field.owners.length < 2
    if (isRequired || (literal !== undefined && isEverywhere && chance(draft, 0.5))) parts.push(`${name}: ${literal}`)
  }
  return parts.length === 0 ? '' : `(${parts.join(', ')})`
}

function addInterfaceObjectRequires(draft: MeshDraft): void {
  const spec = draft.specs.get('N0')
  if (spec?.kind !== 'entityInterface') return
  const home = graphAt(draft, spec.home)
  const at = home.types.get('N0')
  if (at !== undefined) completeInterface(draft, home, at)
  for (const graph of spec.objects.keys()) {
    const usable = spec.fields.filter(
      (field) => at?.fields.has(field.name) === true && isUsable(draft, graph, field.target),
    )
    if (usable.length === 0 || chance(draft, 0.5)) continue
    const field = pickOne(draft, usable)
    const part = requiredPart(draft, graph, field)
    const type = ensure(draft, graph, 'N0')
    if (part === null || type === undefined) continue
    const external = defineField(draft, { graph, type, spec: field })
    external.directives.add('@external')
    const made = makeField(draft, { taken: [], target: pickOne(draft, ['Int', 'String']), fixed: false })
    const named = { ...made, name: `${made.name}R${graph}`, owners: [graph] }
    defineField(draft, { graph, type, spec: named }).directives.add(`@requires(fields: ${JSON.stringify(part)})`)
  }
}

function addProvides(draft: MeshDraft, { graph, field }: { graph: DraftGraph; field: DraftField }): void {
  if (field.directives.has('@external')) return
  const spec = draft.specs.get(field.spec.target)
  if (spec === undefined || spec.kind === 'value' || spec.kind === 'entityInterface') return
  const inGraph = graph.types.get(spec.name)
  const members =
    spec.kind === 'entity'
      ? [spec.name]
      : spec.members.filter(
          (member) =>
            entityOf(draft, member) !== undefined &&
            (inGraph?.members.has(member) === true || graph.types.get(member)?.implements.has(spec.name) === true),
        )
  if (members.length === 0) return
  const entity = entityOf(draft, pickOne(draft, members))
  const here = entity && graph.types.get(entity.name)
  if (entity === undefined || here === undefined) return
  const possible = entity.fields.filter(
    (each) =>
      !here.fields.has(each.name) &&
      !draft.specs.has(each.target) &&
      each.arguments.length === 0 &&
      !isOverridden(draft, entity.name, each.name),
  )
  if (possible.length === 0) return
  const provided = someOf(draft, possible, 1).slice(0, 2)
  for (const each of provided) provideField(draft, graph.index, { type: entity.name, spec: each })
  const names = [...provided.map(({ name }) => name), ...providedBelow(draft, graph, entity)].join(' ')
  field.directives.add(`@provides(fields: "${spec.kind === 'entity' ? names : `... on ${entity.name} { ${names} }`}")`)
}

/** Now and then an entity of the provided entity, with a field of its own. */
function providedBelow(draft: MeshDraft, graph: DraftGraph, entity: EntitySpec): string[] {
  if (chance(draft, 0.7)) return []
  const here = graph.types.get(entity.name)
  const possible = entity.fields.filter(
    (each) =>
      here?.fields.has(each.name) === false &&
      entityOf(draft, each.target) !== undefined &&
      isUsable(draft, graph.index, each.target) &&
      each.arguments.length === 0 &&
      !isOverridden(draft, entity.name, each.name),
  )
  const inner = possible.length === 0 ? undefined : pickOne(draft, possible)
  const target = inner && entityOf(draft, inner.target)
  if (inner === undefined || target === undefined) return []
  const leaves = target.fields.filter(
    (each) =>
      !draft.specs.has(each.target) && each.arguments.length === 0 && !isOverridden(draft, target.name, each.name),
  )
  provideField(draft, graph.index, { type: entity.name, spec: inner })
  const leaf = leaves.length === 0 ? undefined : pickOne(draft, leaves)
  if (leaf === undefined) return [`${inner.name} { __typename }`]
  provideField(draft, graph.index, { type: target.name, spec: leaf })
  return [`${inner.name} { ${leaf.name} }`]
}

export function isOverridden(draft: MeshDraft, type: string, field: string): boolean {
  return draft.graphs.some(({ index }) =>
    [...(definition(draft, index, [type, field])?.directives ?? [])].some((each) => each.startsWith('@override')),
  )
}

function addOverride(draft: MeshDraft, entity: EntitySpec): void {
  const [from] = draft.graphs.filter(({ index }) =>
    entity.fields.some((field) => field.owners.length === 1 && field.owners[0] === index),
  )
  if (from === undefined) return
  const fields = entity.fields.filter(
    (field) =>
      field.owners.length === 1 &&
      field.owners[0] === from.index &&
      definition(draft, from.index, [entity.name, field.name])?.directives.has('@shareable') === false,
  )
  if (fields.length === 0) return
  const field = pickOne(draft, fields)
  const graphs = [...entity.graphs].filter((graph) => {
    const type = graphAt(draft, graph).types.get(entity.name)
    return (
      graph !== from.index &&
      resolvableKeys(type) &&
      type?.fields.has(field.name) === false &&
      isUsable(draft, graph, field.target)
    )
  })
  const spec = draft.specs.get(field.target)
  if (graphs.length === 0 || (spec?.kind === 'value' && spec.spread !== null)) return
  const graph = pickOne(draft, graphs)
  const type = ensure(draft, graph, entity.name)
  if (type === undefined || !resolvableKeys(from.types.get(entity.name))) return
  // A label may not stand where the other subgraph's definition is used by a directive.
  const isPlain = [...(definition(draft, from.index, [entity.name, field.name])?.directives ?? [])].length === 0
  const isExternalElsewhere = draft.graphs.some(
    ({ index }) => definition(draft, index, [entity.name, field.name])?.directives.has('@external') === true,
  )
  const label =
    isPlain && !isExternalElsewhere ? pickOne(draft, ['', ', label: "percent(100)"', ', label: "percent(0)"']) : ''
  defineField(draft, { graph, type, spec: field }).directives.add(`@override(from: "${from.name}"${label})`)
}

function hideField(draft: MeshDraft, entity: EntitySpec): void {
  const fields = entity.fields.filter((field) => !field.isFixed)
  if (fields.length < 2) return
  const field = pickOne(draft, fields)
  const owner = field.owners[0]
  if (owner !== undefined) definition(draft, owner, [entity.name, field.name])?.directives.add('@inaccessible')
}
