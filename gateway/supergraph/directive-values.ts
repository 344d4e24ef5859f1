// Reads applied directives as plain values: what a supergraph says stands in their arguments.
import { Kind, valueFromASTUntyped, type ConstDirectiveNode } from 'graphql'

export type DirectiveValues = Readonly<Record<string, unknown>>

export interface WithDirectives {
  readonly directives?: readonly ConstDirectiveNode[] | undefined
}

export function appliedDirectives(node: WithDirectives, name: string): DirectiveValues[] {
  const found: DirectiveValues[] = []
  for (const directive of node.directives ?? []) {
    if (directive.name.value === name) found.push(argumentValues(directive))
  }
  return found
}

export function hasDirective(node: WithDirectives, name: string | null): boolean {
  return name !== null && (node.directives ?? []).some((directive) => directive.name.value === name)
}

/** Enum values, which name graphs, become strings too. */
function argumentValues(directive: ConstDirectiveNode): DirectiveValues {
  const values: Record<string, unknown> = {}
  for (const { name, value } of directive.arguments ?? []) {
    values[name.value] =
      value.kind === Kind.ENUM || value.kind === Kind.STRING ? value.value : valueFromASTUntyped(value)
  }
  return values
}

export function stringValue(values: DirectiveValues, name: string): string | null {
  const value = values[name]
  return typeof value === 'string' ? value : null
}
