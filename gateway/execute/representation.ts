// Compiles what an entity fetch requires into a closure that builds an entity's representation.
import type { Requirement } from '../plan/planner.ts'
import { typeTest, type ConcreteTypes } from './path-walker.ts'
import { isObject, reader, writeKey, type DataObject } from './plain-object.ts'

/** Undefined where the entity lacks something required (its fetch failed, or its type is another). */
export type BuildRepresentation = (entity: DataObject) => DataObject | undefined

/** Writes into `target`; false where something is missing. */
type Fill = (source: DataObject, target: DataObject) => boolean

export function compileRepresentation(requirements: readonly Requirement[], types: ConcreteTypes): BuildRepresentation {
  const fill = compileFill(requirements, types)
  return (entity) => {
    const representation: DataObject = {}
    if (!fill(entity, representation)) return undefined
    representation['__typename'] ??= entity['__typename']
    if (typeof representation['__typename'] !== 'string') return undefined
    return hasKey(representation) ? representation : undefined
  }
}

function hasKey(representation: DataObject): boolean {
  for (const key in representation) {
    const value = representation[key]
    if (key !== '__typename' && value !== null && value !== undefined) return true
  }
  return false
}

function compileFill(requirements: readonly Requirement[], types: ConcreteTypes): Fill {
  const fills = requirements.map((requirement) => compileRequirement(requirement, types))
  return (source, target) => {
    for (const fill of fills) if (!fill(source, target)) return false
    return true
  }
}

function compileRequirement(requirement: Requirement, types: ConcreteTypes): Fill {
  if (requirement.kind === 'type') {
    const accepts = typeTest([requirement.name], types)
    const fill = compileFill(requirement.selections, types)
    return (source, target) => !accepts(source['__typename']) || fill(source, target)
  }
  const { name, selections } = requirement
  const readByKey = reader(requirement.key)
  const readByName = reader(name)
  const nested = selections === null ? null : compileNested(compileFill(selections, types))
  return (source, target) => {
    const keyed = readByKey(source)
    const value = keyed === undefined ? readByName(source) : keyed
    if (value === undefined) return false
    const filled = nested === null ? value : nested(value)
    if (filled === undefined) return false
    writeKey(target, name, filled)
    return true
  }
}

/** Undefined where something below is missing; null stays null. */
function compileNested(fill: Fill): (value: unknown) => unknown {
  const nested = (value: unknown): unknown => {
    if (value === null) return null
    if (Array.isArray(value)) {
      const items = value.map(nested)
      return items.includes(undefined) ? undefined : items
    }
    if (!isObject(value)) return undefined
    const target: DataObject = {}
    return fill(value, target) ? target : undefined
  }
  return nested
}
