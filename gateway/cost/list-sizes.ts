// How long a list may be by its @listSize: what its slicing arguments say, by number or by variable, else what is assumed.
import { Kind, type FieldNode, type GraphQLField, type ValueNode } from 'graphql'
import type { ListSizeRule } from './cost-rules.ts'
import type { Given, RequiredSlice, Size } from './operation-cost.ts'

interface Place {
  readonly node: FieldNode
  readonly field: GraphQLField<unknown, unknown>
}

export function readSize(
  rule: ListSizeRule,
  { node, field, usual, innerLevels }: Place & { readonly usual: number; readonly innerLevels: number },
): Size {
  const defaults = rule.slicingArguments.flatMap((name) => defaultOf(field, name) ?? [])
  const otherwise = defaults.length > 0 ? Math.max(...defaults) : (rule.assumedSize ?? usual)
  return { given: givenOf(rule, node), otherwise, times: usual ** innerLevels }
}

/** Null where the rule asks for none. */
export function requiredSlice(
  rule: ListSizeRule,
  { node, field, path }: Place & { readonly path: readonly string[] },
): RequiredSlice | null {
  const names = rule.slicingArguments
  if (names.length === 0) return null
  const given = givenOf(rule, node)
  const hasDefault = names.some((name) => defaultOf(field, name) !== null)
  return { path, arguments: names, given, hasDefault }
}

function givenOf({ slicingArguments }: ListSizeRule, { arguments: values = [] }: FieldNode): Given[] {
  return slicingArguments.flatMap((name): readonly Given[] => {
    const [argument = '', ...path] = name.split('.')
    const value = values.find((each) => each.name.value === argument)?.value
    return value === undefined ? [] : readGiven(value, path)
  })
}

function readGiven(value: ValueNode, path: readonly string[]): readonly Given[] {
  const [name, ...inner] = path
  if (value.kind === Kind.VARIABLE) return [{ variable: value.name.value, path }]
  if (name === undefined) return value.kind === Kind.INT ? [Math.max(0, Number(value.value))] : []
  if (value.kind !== Kind.OBJECT) return []
  const field = value.fields.find((each) => each.name.value === name)
  return field === undefined ? [] : readGiven(field.value, inner)
}

/** Of the argument, as the schema has it: its default stands for it where nothing is given. */
function defaultOf(field: GraphQLField<unknown, unknown>, name: string): number | null {
  const [argument = '', ...path] = name.split('.')
  let value: unknown = field.args.find((each) => each.name === argument)?.defaultValue
  for (const each of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[each] : undefined
  }
  return typeof value === 'number' ? Math.max(0, value) : null
}
