// The arguments of a field: those that no variable is in are worked out once, the others once in each execution.
import { getArgumentValues, Kind, type FieldNode, type GraphQLField, type ValueNode } from 'graphql'
import type { Execution } from './execution.ts'

export type Arguments = Readonly<Record<string, unknown>>
export type ReadArguments = (run: Execution) => Arguments

const NONE: Arguments = Object.freeze({})

/** `slot`: where an execution keeps them, a number of this field alone. What is wrong with them is thrown when they are read. */
export function compileArguments(field: GraphQLField<unknown, unknown>, node: FieldNode, slot: number): ReadArguments {
  if (field.args.length === 0) return () => NONE
  const hasVariables = (node.arguments ?? []).some(({ value }) => namesVariable(value))
  if (hasVariables) return (run) => (run.args[slot] ??= getArgumentValues(field, node, run.variables))
  let known: Arguments | undefined
  return () => (known ??= getArgumentValues(field, node))
}

function namesVariable(value: ValueNode): boolean {
  switch (value.kind) {
    case Kind.VARIABLE:
      return true
    case Kind.LIST:
      return value.values.some(namesVariable)
    case Kind.OBJECT:
      return value.fields.some((field) => namesVariable(field.value))
    default:
      return false
  }
}
