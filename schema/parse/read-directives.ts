// Directives as applied in the file, against their definitions: unknown, misplaced, repeated, and every argument's value and type.
// A directive with a missing or mistyped argument is `broken`: it is there, so nothing may complain that it is missing, but it says nothing.
import { type ConstArgumentNode, type ConstDirectiveNode, type ConstValueNode, type TypeNode, print } from 'graphql'
import { type DirectiveDefinition, directiveDefinitions, directiveEnums } from './directive-definitions.ts'
import { nearestName, suggestName } from './nearest-name.ts'
import type { Reporter } from './reporter.ts'

export type ArgumentValue = string | number | boolean | null | readonly ArgumentValue[]

export interface Directive {
  readonly name: string
  readonly node: ConstDirectiveNode
  /** Every declared argument; defaults filled in; null where absent. */
  readonly values: Readonly<Record<string, ArgumentValue>>
  readonly broken: boolean
  /** The directive as written, where the subgraph gets it; null for the language's own. */
  readonly passed: string | null
}

const PLACES: Readonly<Record<string, string>> = {
  SCHEMA: '`extend schema`',
  OBJECT: 'a type',
  FIELD_DEFINITION: 'a field',
  ARGUMENT_DEFINITION: 'an argument',
  ENUM: 'an enum',
  ENUM_VALUE: 'an enum value',
  SCALAR: 'a scalar',
  INPUT_OBJECT: 'an input type',
  INPUT_FIELD_DEFINITION: 'a field of an input type',
}

const describePlace = (location: string): string => PLACES[location] ?? location

/** Undefined where the literal is not of the type. */
function coerce(value: ConstValueNode, type: TypeNode): ArgumentValue | undefined {
  if (type.kind === 'NonNullType') return value.kind === 'NullValue' ? undefined : coerce(value, type.type)
  if (value.kind === 'NullValue') return null
  if (type.kind === 'ListType') {
    const items = value.kind === 'ListValue' ? value.values : [value]
    const coerced = items.map((item) => coerce(item, type.type))
    return coerced.every((item) => item !== undefined) ? coerced : undefined
  }
  switch (type.name.value) {
    case 'String':
      return value.kind === 'StringValue' ? value.value : undefined
    case 'Boolean':
      return value.kind === 'BooleanValue' ? value.value : undefined
    case 'Int': {
      const number = value.kind === 'IntValue' ? Number(value.value) : Number.NaN
      return number === (number | 0) ? number : undefined
    }
    case 'Float':
      return value.kind === 'IntValue' || value.kind === 'FloatValue' ? Number(value.value) : undefined
    case 'Any':
      return print(value)
    default: {
      const members = directiveEnums.get(type.name.value) ?? []
      return value.kind === 'EnumValue' && members.includes(value.value) ? value.value : undefined
    }
  }
}

function describeType(type: TypeNode): string {
  const name = print(type).replaceAll(/[[\]!]/g, '')
  const members = directiveEnums.get(name)
  return members === undefined ? print(type) : `${print(type)} (${members.join(', ')})`
}

/** The item that is not of the item's type, in a list; else the value. */
function wrongPart(node: ConstValueNode, type: TypeNode): ConstValueNode {
  const inner = type.kind === 'NonNullType' ? type.type : type
  if (node.kind !== 'ListValue' || inner.kind !== 'ListType') return node
  return node.values.find((item) => coerce(item, inner.type) === undefined) ?? node
}

function suggestValue(node: ConstValueNode, type: TypeNode): string {
  const name = print(type).replaceAll(/[[\]!]/g, '')
  const members = directiveEnums.get(name)
  if (members !== undefined) return suggestName(print(node).replaceAll('"', ''), members).replaceAll('"', '')
  if (node.kind === 'EnumValue' && name === 'String') return `Put it in quotes: "${node.value}".`
  if (node.kind === 'StringValue' && (name === 'Int' || name === 'Float' || name === 'Boolean')) {
    return `Write the value without quotes.`
  }
  return `Write a value of type ${print(type)}.`
}

function readArguments(
  node: ConstDirectiveNode,
  definition: DirectiveDefinition,
  reporter: Reporter,
): { values: Record<string, ArgumentValue>; broken: boolean } {
  const values: Record<string, ArgumentValue> = {}
  let broken = false
  const given = new Map<string, ConstArgumentNode>()
  /** Arguments that a misspelt one was meant to be: they are not missing as well. */
  const meant = new Set<string>()
  for (const argument of node.arguments ?? []) {
    const name = argument.name.value
    const at = `@${node.name.value}`
    if (!definition.arguments.has(name)) {
      const names = [...definition.arguments.keys()]
      meant.add(nearestName(name, names) ?? '')
      const fix = suggestName(name, names)
      reporter.error('DIRECTIVE_ARGUMENT_UNKNOWN', argument, `${at} has no argument "${name}".`, fix)
    } else if (given.has(name)) {
      reporter.error('NAME_DUPLICATE', argument, `${at} has the argument "${name}" twice.`, 'Keep one of them.')
    } else given.set(name, argument)
  }
  for (const { name, type, default: fallback } of definition.arguments.values()) {
    const argument = given.get(name)
    const value = argument?.value ?? fallback
    if (value === null && type.kind === 'NonNullType') {
      broken = true
      const message = `@${node.name.value} needs the argument "${name}".`
      const fix = `Add ${name}: a value of type ${describeType(type)}.`
      if (!meant.has(name)) reporter.error('DIRECTIVE_ARGUMENT_MISSING', node, message, fix)
    }
    const coerced = value === null ? null : coerce(value, type)
    if (coerced === undefined && argument !== undefined) {
      broken = true
      const wrong = wrongPart(argument.value, type)
      const message = `@${node.name.value}(${name}:) takes ${describeType(type)}, not ${print(wrong)}.`
      reporter.error('DIRECTIVE_ARGUMENT_TYPE', wrong, message, suggestValue(wrong, type))
    }
    values[name] = coerced ?? null
  }
  return { values, broken }
}

function reportMisplaced(
  node: ConstDirectiveNode,
  definition: DirectiveDefinition,
  location: string,
  reporter: Reporter,
) {
  const places = definition.locations.map(describePlace).join(' or ')
  const message = `@${definition.name} cannot stand on ${describePlace(location)}.`
  reporter.error('DIRECTIVE_MISPLACED', node, message, `Put it on ${places}, or remove it.`)
}

/** The directives at one place; `location` as GraphQL names it. Unknown, misplaced and repeated ones are reported and left out. */
export function readDirectives(
  nodes: readonly ConstDirectiveNode[] | undefined,
  location: string,
  reporter: Reporter,
): readonly Directive[] {
  const found: Directive[] = []
  for (const node of nodes ?? []) {
    const name = node.name.value
    const definition = directiveDefinitions.get(name)
    if (definition === undefined) {
      const candidates = [...directiveDefinitions.values()].filter((one) => one.locations.includes(location))
      const near = nearestName(
        name,
        candidates.map((one) => one.name),
      )
      const own = candidates.filter((one) => !one.passed).map((one) => `@${one.name}`)
      const fix = near === null ? `Write one of ${own.join(', ')}, or one of Federation 2.` : `Write @${near}.`
      reporter.error('DIRECTIVE_UNKNOWN', node, `There is no directive @${name}.`, fix)
    } else if (!definition.locations.includes(location)) {
      reportMisplaced(node, definition, location, reporter)
    } else if (!definition.repeatable && found.some((one) => one.name === name)) {
      reporter.error('DIRECTIVE_REPEATED', node, `@${name} stands here twice.`, 'Keep one of them.')
    } else {
      const passed = definition.passed ? print(node) : null
      found.push({ name, node, ...readArguments(node, definition, reporter), passed })
    }
  }
  return found
}
