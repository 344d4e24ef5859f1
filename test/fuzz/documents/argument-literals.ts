// Literals for every argument of a schema, good ones beside ones that are barely good: what valid operations are made with.
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'
import type { ArgumentValues } from '../../federation/random-operation.ts'

const BY_SCALAR: Readonly<Record<string, readonly string[]>> = {
  Int: ['1', '2', '10', '0', '-1', '2147483647'],
  Float: ['1.5', '0', '-1e300'],
  Boolean: ['true', 'false'],
  ID: ['"1"', '"b1"', '"__proto__"', '""', '7'],
  String: ['"a"', '""', '"\\u0000"', '"""block "quoted" \\""" text"""', '"__proto__"'],
  Date: ['"2026-01-01"'],
  DateTime: ['"2026-01-01T00:00:00.000Z"', '"1970-01-01T00:00:00Z"'],
  LocalDate: ['"2026-01-01"'],
  Decimal: ['"1.50"', '"-0"'],
  JSON: ['{a: [1, {b: null}]}', '"x"', '[[[]]]'],
}
const DEPTH_MAX = 3

export function argumentLiterals(schema: GraphQLSchema): ArgumentValues {
  const values: Record<string, string[]> = {}
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      // Random operations choose by field and argument, so the first type that has them decides.
      for (const { name, type: wanted } of field.args) values[`${field.name}.${name}`] ??= literalsOf(wanted, 0)
    }
  }
  return values
}

function literalsOf(type: GraphQLInputType, depth: number): string[] {
  if (isNonNullType(type)) return literalsOf(type.ofType, depth)
  if (isListType(type)) {
    const items = literalsOf(type.ofType, depth)
    return ['[]', `[${items.slice(0, 2).join(', ')}]`, `[${items.slice(0, 1).join('').concat(' ').repeat(50)}]`]
  }
  const named = getNamedType(type)
  if (isEnumType(named)) return named.getValues().map(({ name }) => name)
  if (!isInputObjectType(named)) return [...(BY_SCALAR[named.name] ?? ['"a"', '1'])]
  const fields = Object.values(named.getFields())
  const written = (chosen: typeof fields): string =>
    `{${chosen.map((field) => `${field.name}: ${literalsOf(field.type, depth + 1)[0] ?? 'null'}`).join(', ')}}`
  const required = fields.filter((field) => isNonNullType(field.type))
  return depth < DEPTH_MAX ? [written(required), written(fields)] : [written(required)]
}
