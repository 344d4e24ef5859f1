// Bounds on the values of variables, before they are coerced: coercing a list of a hundred thousand takes as long as it is, and a custom scalar
// takes whatever nesting it is given, which writing the subgraph's request would end the stack on.
import type { GraphQLError, VariableDefinitionNode } from 'graphql'
import { limits as defaults } from '../../platform/limits.ts'
import { tooLarge } from './written-limits.ts'

type LimitName = 'documentListSizeMax' | 'variableDepthMax'

interface Excess {
  readonly name: LimitName
  readonly count: number
  readonly most: number
}

/** `definitions` are looked at only where something is amiss: they locate the error. */
export function checkVariables(
  names: readonly string[],
  given: Readonly<Record<string, unknown>>,
  listSizeMax: number,
  definitions: () => readonly VariableDefinitionNode[],
): GraphQLError[] {
  return names.flatMap((name) => {
    const value = given[name]
    const excess = typeof value === 'object' && value !== null ? findExcess(value, listSizeMax) : null
    if (excess === null) return []
    const message = `Variable "$${name}" exceeds ${excess.name}: ${excess.count} where ${excess.most} are allowed.`
    return [
      tooLarge(
        message,
        definitions().find(({ variable }) => variable.name.value === name),
      ),
    ]
  })
}

/** Level by level: what is nested without end must not be followed by recursion. */
function findExcess(value: object, listSizeMax: number): Excess | null {
  let level: object[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > defaults.variableDepthMax)
      return { name: 'variableDepthMax', count: depth, most: defaults.variableDepthMax }
    const next: object[] = []
    for (const each of level) {
      if (Array.isArray(each) && each.length > listSizeMax) {
        return { name: 'documentListSizeMax', count: each.length, most: listSizeMax }
      }
      for (const inner of Object.values(each) as unknown[]) {
        if (typeof inner === 'object' && inner !== null) next.push(inner)
      }
    }
    level = next
  }
  return null
}
