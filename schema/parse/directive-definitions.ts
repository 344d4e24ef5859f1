// The directives that may be used in a product file, read once from their SDL: the language's own and Federation's.
import { type ConstValueNode, type DirectiveDefinitionNode, type TypeNode, parse } from 'graphql'
import { DIRECTIVES_SDL } from '../directives-sdl.ts'
import { FEDERATION_DIRECTIVES_SDL } from '../federation-directives-sdl.ts'

export interface DirectiveArgumentDefinition {
  readonly name: string
  readonly type: TypeNode
  readonly default: ConstValueNode | null
}

export interface DirectiveDefinition {
  readonly name: string
  readonly arguments: ReadonlyMap<string, DirectiveArgumentDefinition>
  readonly locations: readonly string[]
  readonly repeatable: boolean
  /** Federation's or GraphQL's: kept as written for the subgraph. */
  readonly passed: boolean
}

function readDefinition(node: DirectiveDefinitionNode, passed: boolean): DirectiveDefinition {
  const list = (node.arguments ?? []).map((argument): [string, DirectiveArgumentDefinition] => [
    argument.name.value,
    { name: argument.name.value, type: argument.type, default: argument.defaultValue ?? null },
  ])
  return {
    name: node.name.value,
    arguments: new Map(list),
    locations: node.locations.map((location) => location.value),
    repeatable: node.repeatable,
    passed,
  }
}

function readAll(): { directives: Map<string, DirectiveDefinition>; enums: Map<string, readonly string[]> } {
  const directives = new Map<string, DirectiveDefinition>()
  const enums = new Map<string, readonly string[]>()
  for (const [sdl, passed] of [
    [DIRECTIVES_SDL, false],
    [FEDERATION_DIRECTIVES_SDL, true],
  ] as const) {
    for (const node of parse(sdl).definitions) {
      if (node.kind === 'DirectiveDefinition') directives.set(node.name.value, readDefinition(node, passed))
      if (node.kind === 'EnumTypeDefinition') {
        const values = (node.values ?? []).map((value) => value.name.value)
        enums.set(node.name.value, values)
      }
    }
  }
  return { directives, enums }
}

const known = readAll()

export const directiveDefinitions: ReadonlyMap<string, DirectiveDefinition> = known.directives
/** Values of the enums that directive arguments take, by the enum's name. */
export const directiveEnums: ReadonlyMap<string, readonly string[]> = known.enums
