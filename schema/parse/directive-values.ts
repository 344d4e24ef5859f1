// Typed access to the arguments of applied directives. readDirectives has checked them against their definitions, so a value of another type
// is a bug of ours and throws. Never call these on a broken directive.
import type { ASTNode } from 'graphql'
import type { Directive } from './read-directives.ts'

/** The directive of that name, broken or not. */
export function directiveOf(directives: readonly Directive[], name: string): Directive | null {
  return directives.find((one) => one.name === name) ?? null
}

/** All whole (not broken) directives of that name. */
export function directivesOf(directives: readonly Directive[], name: string): readonly Directive[] {
  return directives.filter((one) => one.name === name && !one.broken)
}

/** The directive of that name if it is whole. */
export function wholeDirective(directives: readonly Directive[], name: string): Directive | null {
  const directive = directiveOf(directives, name)
  return directive === null || directive.broken ? null : directive
}

/** Where the argument's value stands; the directive where it is not given. */
export function argumentPlace(directive: Directive, name: string): ASTNode {
  return directive.node.arguments?.find((argument) => argument.name.value === name)?.value ?? directive.node
}

function wrongType(directive: Directive, name: string): never {
  throw new TypeError(`@${directive.name}(${name}:) was read with a type that its definition does not have`)
}

export function textOf(directive: Directive, name: string): string {
  const value = directive.values[name]
  return typeof value === 'string' ? value : wrongType(directive, name)
}

export function optionalTextOf(directive: Directive, name: string): string | null {
  return directive.values[name] === null ? null : textOf(directive, name)
}

export function numberOf(directive: Directive, name: string): number {
  const value = directive.values[name]
  return typeof value === 'number' ? value : wrongType(directive, name)
}

export function optionalNumberOf(directive: Directive, name: string): number | null {
  return directive.values[name] === null ? null : numberOf(directive, name)
}

export function flagOf(directive: Directive, name: string): boolean {
  const value = directive.values[name]
  return typeof value === 'boolean' ? value : wrongType(directive, name)
}

export function textsOf(directive: Directive, name: string): readonly string[] {
  const value = directive.values[name]
  if (!Array.isArray(value)) return wrongType(directive, name)
  return value.map((item: unknown) => (typeof item === 'string' ? item : wrongType(directive, name)))
}

export function optionalTextsOf(directive: Directive, name: string): readonly string[] | null {
  return directive.values[name] === null ? null : textsOf(directive, name)
}

/** A value of an enum of the directives, as the union that the model has for it. */
export function memberOf<Member extends string>(
  directive: Directive,
  name: string,
  members: readonly Member[],
): Member {
  const value = directive.values[name]
  return members.find((member) => member === value) ?? wrongType(directive, name)
}

/** Where the item of a list argument stands; the argument where it is not written as a list. */
export function itemPlace(directive: Directive, name: string, index: number): ASTNode {
  const place = argumentPlace(directive, name)
  return place.kind === 'ListValue' ? (place.values[index] ?? place) : place
}
