// What a response with damaged answers may differ in from the one where all is intact: a value may be null where an error says why.
import { limits } from '../../../platform/limits.ts'
import type { Exchange } from './broken-mesh.ts'
import type { JudgedResponse, Path } from './judge.ts'

/** Places that are null without an error at, above or below them. */
export function unexplainedNulls(
  intact: JudgedResponse,
  response: JudgedResponse,
  exchanges: readonly Exchange[],
): string[] {
  const errors = (response.errors ?? []).map(({ path = [] }) => path)
  const nulls = newNulls(intact.data, response.data, [])
  const unexplained = nulls.filter((path) => !errors.some((error) => isPrefix(path, error) || isPrefix(error, path)))
  if (unexplained.length === 0 || tookAlong(exchanges)) return []
  return unexplained.map((path) => `null without an error: ${path.join('.')}`)
}

/** Failures of another reading of the same data that no error of the response tells of. */
export function untoldFailures(
  failures: readonly { readonly path: Path }[],
  { errors = [], data }: JudgedResponse,
  exchanges: readonly Exchange[],
): string[] {
  if (errors.length >= limits.responseErrorsMax || tookAlong(exchanges)) return []
  return failures.flatMap(({ path }) => {
    const nulled = path.slice(0, depthIn(data, path))
    const isTold = errors.some((error) => isPrefix(nulled, error.path ?? []) || isPrefix(error.path ?? [], path))
    return isTold ? [] : [`a failure without an error: ${path.join('.')}`]
  })
}

/** How far a path leads before something is null. */
function depthIn(data: unknown, path: Path): number {
  let at = 0
  for (let value = data; typeof value === 'object' && value !== null && at < path.length; at++) {
    value = (value as Record<string | number, unknown>)[path[at] ?? '']
  }
  return at
}

/** A subgraph that nulls an entity, or all its data, for one of its fields explains the others by that error. */
function tookAlong(exchanges: readonly Exchange[]): boolean {
  return exchanges.some(({ answer }) => {
    if (!Array.isArray(answer?.errors) || answer.errors.length === 0) return false
    const lists = Object.values(answer.data ?? {}).filter((each) => Array.isArray(each))
    return !answer.data || lists.some((list) => list.includes(null))
  })
}

function newNulls(intact: unknown, found: unknown, path: Path): Path[] {
  if (found === null) return intact === null || intact === undefined ? [] : [path]
  if (typeof found !== 'object' || typeof intact !== 'object' || intact === null) return []
  return Object.entries(found ?? {}).flatMap(([key, each]) => {
    const step = Array.isArray(found) ? Number(key) : key
    return newNulls((intact as Record<string, unknown>)[key], each, [...path, step])
  })
}

function isPrefix(one: Path, other: Path): boolean {
  return one.length <= other.length && one.every((step, at) => step === other[at])
}

/** Values that are neither the intact ones nor null. */
export function unequalValues(intact: unknown, found: unknown, path = ''): string[] {
  if (found === null) return []
  if (typeof found !== 'object' || typeof intact !== 'object' || intact === null) {
    return found === intact
      ? []
      : [
          `another value at ${path}: ${JSON.stringify(found).slice(0, 100)} for ${JSON.stringify(intact)?.slice(0, 100)}`,
        ]
  }
  const [ours, theirs] = [Object.keys(found), Object.keys(intact)]
  if (ours.join('\n') !== theirs.join('\n')) return [`other keys at ${path}: ${ours.join()} for ${theirs.join()}`]
  return ours.flatMap((key) =>
    unequalValues((intact as Record<string, unknown>)[key], (found as Record<string, unknown>)[key], `${path}.${key}`),
  )
}
