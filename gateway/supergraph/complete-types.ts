// Adds to a supergraph's types what its directives imply without saying: that a graph knows the fields of its own keys and those that it
// provides, and that an interface object's fields belong to every type that implements the interface.
import { plainField, type DraftField, type DraftType } from './composite-types.ts'
import type { FieldInGraph, FieldSet, GraphId } from './supergraph.ts'

type Types = ReadonlyMap<string, DraftType>

export function completeTypes(types: Types, isFirst: boolean): void {
  for (const type of types.values()) {
    for (const [id, { keys }] of type.graphs) {
      for (const { fields } of keys) {
        for (const entry of isFirst ? fields : []) addKeyOfExtension(type, id, entry)
        visitFieldSet(types, { type, id, fields }, (field) => {
          const known = field.graphs.get(id) ?? { ...plainField(field.type), external: true }
          field.graphs.set(id, { ...known, inKey: true })
        })
      }
    }
    for (const field of type.fields.values()) {
      for (const [id, { provides }] of field.graphs) {
        const below = types.get(field.namedType)
        if (provides !== null && below !== undefined) addProvided(types, { type: below, id, fields: provides })
      }
    }
  }
  for (const type of types.values()) {
    for (const [id, { isInterfaceObject }] of type.graphs) {
      if (isInterfaceObject) spreadInterfaceObject(types, type, id)
    }
    standForItself(type)
  }
}

/** An interface object that no type implements: its objects are of no other type. */
function standForItself(type: DraftType): void {
  const graphs = [...type.graphs.values()]
  if (type.possibleTypes.length > 0 || !graphs.some(({ isInterfaceObject }) => isInterfaceObject)) return
  type.possibleTypes.push(type.name)
  for (const { possibleTypes } of graphs) possibleTypes.push(type.name)
}

interface Place {
  readonly type: DraftType
  readonly id: GraphId
  readonly fields: FieldSet
}

/** Federation 1: an extension's key fields are its own, though only the owner is named. */
function addKeyOfExtension(type: DraftType, id: GraphId, entry: FieldSet[number]): void {
  const field = entry.kind === 'field' ? type.fields.get(entry.name) : undefined
  if (field !== undefined && !field.graphs.has(id)) field.graphs.set(id, plainField(field.type))
}

function addProvided(types: Types, place: Place): void {
  visitFieldSet(types, place, (field) => {
    if (!field.graphs.has(place.id)) field.graphs.set(place.id, { ...plainField(field.type), external: true })
  })
}

/** A field of an abstract type is visited on the type and on each concrete type that the graph has for it. */
function visitFieldSet(types: Types, { type, id, fields }: Place, visit: (field: DraftField) => void): void {
  for (const entry of fields) {
    if (entry.kind === 'on') {
      const condition = types.get(entry.type)
      if (condition !== undefined) visitFieldSet(types, { type: condition, id, fields: entry.selections }, visit)
      continue
    }
    const concrete = type.graphs.get(id)?.possibleTypes ?? []
    for (const each of new Set([type.name, ...concrete])) {
      const field = types.get(each)?.fields.get(entry.name)
      if (field === undefined) continue
      visit(field)
      const below = types.get(field.namedType)
      if (entry.selections !== null && below !== undefined) {
        visitFieldSet(types, { type: below, id, fields: entry.selections }, visit)
      }
    }
  }
}

function spreadInterfaceObject(types: Types, interfaceType: DraftType, id: GraphId): void {
  for (const type of types.values()) {
    if (!type.interfaces.includes(interfaceType.name)) continue
    for (const field of interfaceType.fields.values()) {
      const inGraph: FieldInGraph | undefined = field.graphs.get(id)
      const own = type.fields.get(field.name)
      if (inGraph !== undefined && own !== undefined && !own.graphs.has(id)) own.graphs.set(id, inGraph)
    }
  }
}
