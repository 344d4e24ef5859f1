// The scalars of a subgraph: graphql-scalars checks what comes in, and rows hold every value in the form that goes out (schema/model.ts),
// so arguments become row values and row values are printed as they are.
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import {
  GraphQLBigInt,
  GraphQLDate,
  GraphQLDateTime,
  GraphQLEmailAddress,
  GraphQLJSON,
  GraphQLURL,
  GraphQLUUID,
} from 'graphql-scalars'
import { canonicalDecimal } from '../../schema/cel/decimal.ts'
import type { Value } from '../../schema/row.ts'

/** The canonical row value of what the scalar's own parser made of `input`. */
type ToRow = (parsed: unknown, input: unknown) => Value

function rowScalar(base: GraphQLScalarType, toRow: ToRow): GraphQLScalarType {
  return new GraphQLScalarType({
    name: base.name,
    description: base.description,
    extensions: base.extensions,
    serialize: (value) => value,
    parseValue: (input) => toRow(base.parseValue(input), input),
    parseLiteral: (node, variables) =>
      toRow(base.parseLiteral(node, variables), 'value' in node ? node.value : undefined),
  })
}

const isoOf = (parsed: unknown): string => {
  if (!(parsed instanceof Date)) throw new GraphQLError('A time cannot be represented')
  return parsed.toISOString()
}

const BIGINT_BITS = 64

// Not GraphQLBigInt's own parser, which warns on the console unless BigInt.prototype is patched.
function int64Of(input: unknown): string {
  const text = typeof input === 'string' || typeof input === 'number' ? String(input) : ''
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : null
  if (value === null || BigInt.asIntN(BIGINT_BITS, value) !== value) {
    throw new GraphQLError(`BigInt cannot represent ${JSON.stringify(input)}: a whole number of at most 64 bits`)
  }
  return value.toString()
}

const bigIntScalar = new GraphQLScalarType({
  name: 'BigInt',
  description: 'A whole number of at most 64 bits, printed as text, since JavaScript rounds large numbers.',
  extensions: GraphQLBigInt.extensions,
  serialize: (value) => value,
  parseValue: int64Of,
  parseLiteral: (node: ValueNode) =>
    int64Of(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : undefined),
})

function decimalOf(input: unknown): string {
  const text = typeof input === 'string' || typeof input === 'number' ? canonicalDecimal(String(input)) : null
  if (text === null) throw new GraphQLError(`Decimal cannot represent ${JSON.stringify(input)}: write it as "12.34"`)
  return text
}

const decimalScalar = new GraphQLScalarType({
  name: 'Decimal',
  description: 'An exact decimal number as text, such as "12.34". Numbers are taken as well.',
  serialize: (value) => value,
  parseValue: decimalOf,
  parseLiteral: (node: ValueNode) =>
    decimalOf(node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : undefined),
})

/** By name; the built-in ones are graphql-js's own. */
export const rowScalars: Readonly<Record<string, GraphQLScalarType>> = {
  Decimal: decimalScalar,
  BigInt: bigIntScalar,
  DateTime: rowScalar(GraphQLDateTime, isoOf),
  Date: rowScalar(GraphQLDate, (parsed) => isoOf(parsed).slice(0, 'YYYY-MM-DD'.length)),
  UUID: rowScalar(GraphQLUUID, (parsed) => String(parsed).toLowerCase()),
  EmailAddress: rowScalar(GraphQLEmailAddress, (_parsed, input) => String(input)),
  URL: rowScalar(GraphQLURL, (_parsed, input) => String(input)),
  // JSON holds row values as they are.
  JSON: GraphQLJSON,
}
