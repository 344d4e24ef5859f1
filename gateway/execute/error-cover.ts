// Answers whether a missing value is already explained by an error: the client gets one error for one failure.
import type { GraphQLFormattedError } from 'graphql'

export interface ErrorCover {
  /** Whether an error stands at the path, above it or below it. */
  covers(path: readonly (string | number)[]): boolean
}

/** `coveredPaths`: places whose values an error elsewhere has taken along (a subgraph nulls a whole entity for one field of it). */
export function createErrorCover(
  errors: readonly GraphQLFormattedError[],
  coveredPaths: readonly (readonly (string | number)[])[],
): ErrorCover {
  const exact = new Set<string>()
  const prefixes = new Set<string>()
  for (const path of coveredPaths) exact.add(JSON.stringify(path))
  let everywhere = false
  let read = 0
  const readNew = (): void => {
    for (; read < errors.length; read++) {
      const path = errors[read]?.path
      if (path === undefined) {
        everywhere = true
        continue
      }
      exact.add(JSON.stringify(path))
      for (let length = 0; length <= path.length; length++) prefixes.add(JSON.stringify(path.slice(0, length)))
    }
  }
  return {
    covers: (path) => {
      readNew()
      if (everywhere || prefixes.has(JSON.stringify(path))) return true
      for (let length = path.length - 1; length > 0; length--) {
        if (exact.has(JSON.stringify(path.slice(0, length)))) return true
      }
      return false
    },
  }
}
