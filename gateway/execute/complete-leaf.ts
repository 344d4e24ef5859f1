// Checks leaves of the response. Built-in scalars are as lenient as graphql-js is when it serializes; custom scalars pass, for only
// their subgraph knows them; an enum value must be one that clients may see.
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  isEnumType,
  type GraphQLLeafType,
} from 'graphql'

import { isTooDeep } from './plain-object.ts'

/** Not null. `INVALID_LEAF` where the type forbids the value. */
export type CompleteLeaf = (value: unknown) => unknown

export const INVALID_LEAF = Symbol('invalid leaf')

const BUILT_IN = new Map(
  [GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString].map((type) => [type.name, type]),
)

export function compileLeaf(type: GraphQLLeafType): CompleteLeaf {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map((value) => value.name))
    return (value) => (names.has(value) ? value : INVALID_LEAF)
  }
  const scalar = BUILT_IN.get(type.name)
  if (scalar === undefined) return (value) => (isTooDeep(value) || isInfinite(value) ? INVALID_LEAF : value)
  return (value) => {
    try {
      return scalar.serialize(value)
    } catch {
      return INVALID_LEAF
    }
  }
}

/** What JSON reads from 1e400 and cannot write: it would become null. */
function isInfinite(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value)
}
