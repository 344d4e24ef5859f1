// Compiles a plan's rewrites (renamed keys, set type names) into closures over data that may be written to.
import type { Rewrite, RewriteSegment } from '../plan/planner.ts'
import { typeTest, type ConcreteTypes } from './path-walker.ts'
import { isObject, readKey, writeKey, type DataObject } from './plain-object.ts'

type Apply = (value: unknown) => void

export function compileRewrites(rewrites: readonly Rewrite[], types: ConcreteTypes): Apply | null {
  if (rewrites.length === 0) return null
  const applies = rewrites.map((rewrite) => compileRewrite(rewrite, rewrite.path, types))
  return (value) => {
    for (const apply of applies) apply(value)
  }
}

function compileRewrite(rewrite: Rewrite, path: readonly RewriteSegment[], types: ConcreteTypes): Apply {
  const [segment, ...rest] = path
  if (segment === undefined) return () => undefined
  if (segment.kind === 'type') {
    const accepts = typeTest(segment.names, types)
    const next = compileRewrite(rewrite, rest, types)
    return onObjects((object) => {
      if (accepts(object['__typename'])) next(object)
    })
  }
  if (rest.length === 0) return onObjects((object) => writeRewrite(object, segment.key, rewrite))
  const next = compileRewrite(rewrite, rest, types)
  return onObjects((object) => next(readKey(object, segment.key)))
}

function writeRewrite(object: DataObject, key: string, rewrite: Rewrite): void {
  if (rewrite.kind === 'set') {
    writeKey(object, key, rewrite.value)
  } else if (Object.hasOwn(object, key)) {
    const value = object[key]
    delete object[key]
    writeKey(object, rewrite.to, value)
  }
}

function onObjects(apply: (object: DataObject) => void): Apply {
  const each: Apply = (value) => {
    if (Array.isArray(value)) for (const item of value) each(item)
    else if (isObject(value)) apply(value)
  }
  return each
}

/** The client's path of a subgraph's: keys that the plan renamed get their old name back. */
export function renamePath(path: readonly (string | number)[], rewrites: readonly Rewrite[]): (string | number)[] {
  const renamed = [...path]
  for (const rewrite of rewrites) {
    if (rewrite.kind !== 'rename') continue
    const keys = rewrite.path.flatMap((segment) => (segment.kind === 'field' ? [segment.key] : []))
    let matched = 0
    for (let index = 0; index < path.length && matched < keys.length; index++) {
      if (typeof path[index] === 'number') continue
      if (path[index] !== keys[matched]) break
      matched++
      if (matched === keys.length) renamed[index] = rewrite.to
    }
  }
  return renamed
}
