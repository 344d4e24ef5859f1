// Prints a field's arguments as the client wrote them, on one line, and tells which variables they use.
import { Kind, type ArgumentNode, type ValueNode } from 'graphql'

export interface WrittenArguments {
  readonly text: string
  readonly variables: readonly string[]
}

const NONE: WrittenArguments = { text: '', variables: [] }

export function writeArguments(nodes: readonly ArgumentNode[] | undefined): WrittenArguments {
  if (nodes === undefined || nodes.length === 0) return NONE
  const variables: string[] = []
  const text = nodes.map(({ name, value }) => `${name.value}: ${writeValue(value, variables)}`).join(', ')
  return { text, variables }
}

/** Adds the names of variables that it meets. */
export function writeValue(value: ValueNode, variables: string[]): string {
  switch (value.kind) {
    case Kind.VARIABLE:
      if (!variables.includes(value.name.value)) variables.push(value.name.value)
      return `$${value.name.value}`
    case Kind.STRING:
      // JSON's escapes are GraphQL's.
      return JSON.stringify(value.value)
    case Kind.LIST:
      return `[${value.values.map((each) => writeValue(each, variables)).join(', ')}]`
    case Kind.OBJECT: {
      const fields = value.fields.map((field) => `${field.name.value}: ${writeValue(field.value, variables)}`)
      return `{${fields.join(', ')}}`
    }
    case Kind.NULL:
      return 'null'
    case Kind.BOOLEAN:
      return String(value.value)
    case Kind.INT:
    case Kind.FLOAT:
    case Kind.ENUM:
      return value.value
    default:
      return value satisfies never
  }
}
