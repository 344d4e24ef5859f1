// Compiles where a plan finds entities into a closure that visits them, each with its response path.
import type { PathSegment } from '../plan/planner.ts'
import { isObject, reader, type DataObject } from './plain-object.ts'
import type { ResponsePath } from './response-path.ts'

export type Visit = (entity: DataObject, path: ResponsePath | null) => void
export type Walk = (value: unknown, path: ResponsePath | null, visit: Visit) => void
export type ConcreteTypes = ReadonlyMap<string, ReadonlySet<string>>

export function compileWalk(segments: readonly PathSegment[], types: ConcreteTypes): Walk {
  const [segment, ...rest] = segments
  if (segment === undefined) return visitAll
  const next = compileWalk(rest, types)
  switch (segment.kind) {
    case 'list':
      return (value, path, visit) => {
        if (!Array.isArray(value)) return
        for (let index = 0; index < value.length; index++) next(value[index], { parent: path, key: index }, visit)
      }
    case 'field': {
      const read = reader(segment.key)
      return throughLists((value, path, visit) => next(read(value), { parent: path, key: segment.key }, visit))
    }
    case 'type': {
      const accepts = typeTest(segment.names, types)
      return throughLists((value, path, visit) => {
        if (accepts(value['__typename'])) next(value, path, visit)
      })
    }
  }
}

/** Whether a `__typename` is one of the named types or implements one; unknown types are let through. */
export function typeTest(names: readonly string[], types: ConcreteTypes): (typename: unknown) => boolean {
  const accepted = new Set(names.flatMap((name) => [name, ...(types.get(name) ?? [])]))
  return (typename) => typeof typename !== 'string' || accepted.has(typename)
}

const visitAll: Walk = throughLists((value, path, visit) => visit(value, path))

/** The planner names lists with `list`; where it does not (lists of lists), every element is meant. */
function throughLists(onObject: (value: DataObject, path: ResponsePath | null, visit: Visit) => void): Walk {
  const walk: Walk = (value, path, visit) => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) walk(value[index], { parent: path, key: index }, visit)
    } else if (isObject(value)) {
      onObject(value, path, visit)
    }
  }
  return walk
}
