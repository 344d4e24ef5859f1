// Rules of entity interfaces and @interfaceObject: a subgraph with an interface object must not know the concrete types, and one with the
// interface's key must know them all. Otherwise objects would be of two minds, or of no type at all.
import type { CompositionProblem } from './composition-problem.ts'
import { fieldsText, type SubgraphModel, type SubgraphType } from './subgraph-model.ts'

export function checkInterfaceObjects(subgraphs: readonly SubgraphModel[]): CompositionProblem[] {
  return subgraphs.flatMap((subgraph) =>
    [...subgraph.types.values()].flatMap((type) => {
      if (type.applied('interfaceObject').length > 0) {
        return [...definedBeside(subgraphs, subgraph, type), ...overriding(subgraph, type)]
      }
      return type.kind === 'interface' && subgraph.isFederation2 ? incompleteKeys(subgraphs, subgraph, type) : []
    }),
  )
}

/** Names of all types that any subgraph says implement it. */
function implementations(subgraphs: readonly SubgraphModel[], name: string): Set<string> {
  const all = subgraphs.flatMap(({ types }) => [...types.values()])
  const implementing = all.filter((type) => type.kind === 'object' && type.interfaces.has(name))
  return new Set(implementing.map((type) => type.name))
}

function definedBeside(
  subgraphs: readonly SubgraphModel[],
  subgraph: SubgraphModel,
  { name }: SubgraphType,
): CompositionProblem[] {
  return [...implementations(subgraphs, name)].flatMap((each) => {
    const type = subgraph.types.get(each)
    if (type === undefined) return []
    const message = `${each} implements ${name}, which is an @interfaceObject in this subgraph: here it would be both itself and ${name}. Take ${each} out of this subgraph, or define the interface in place of the @interfaceObject.`
    return [{ subgraphs: [subgraph.name], code: 'INTERFACE_OBJECT_USAGE_ERROR', message, line: type.line }]
  })
}

function overriding(subgraph: SubgraphModel, type: SubgraphType): CompositionProblem[] {
  return [...type.fields.values()]
    .filter((field) => field.applied('override').length > 0)
    .map((field) => ({
      subgraphs: [subgraph.name],
      code: 'OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE',
      message: `@override on ${type.name}.${field.name}: a field of an @interfaceObject cannot override those of the concrete types. Remove it from the other subgraph by hand.`,
      line: field.line,
    }))
}

function incompleteKeys(
  subgraphs: readonly SubgraphModel[],
  subgraph: SubgraphModel,
  type: SubgraphType,
): CompositionProblem[] {
  const keys = type.applied('key').filter((key) => key['resolvable'] !== false)
  if (keys.length === 0) return []
  const problems: CompositionProblem[] = []
  const add = (code: string, message: string): void => {
    problems.push({ subgraphs: [subgraph.name], code, message, line: type.line })
  }
  for (const each of implementations(subgraphs, type.name)) {
    const implementation = subgraph.types.get(each)
    if (implementation?.interfaces.has(type.name) !== true) {
      add(
        'INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE',
        `Interface ${type.name} has a resolvable @key here, but ${each}, which implements it elsewhere, does not implement it here: such an object could not be told by its key. Define ${each} here, or make the key \`resolvable: false\`.`,
      )
      continue
    }
    const unresolvable = implementation.applied('key').filter((key) => key['resolvable'] === false)
    for (const key of keys) {
      const text = normalized(fieldsText(key))
      if (!unresolvable.some((own) => normalized(fieldsText(own)) === text)) continue
      add(
        'INTERFACE_KEY_NOT_ON_IMPLEMENTATION',
        `@key(fields: ${JSON.stringify(text)}) is resolvable on interface ${type.name} and not on ${each}, which implements it. Make it resolvable on both, or on neither.`,
      )
    }
  }
  return problems
}

function normalized(text: string | null): string {
  return (text ?? '').replaceAll(/[\s,]+/g, ' ').trim()
}
