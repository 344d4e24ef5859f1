// A client's operation, ready to run as often as it is asked: validated, planned and compiled once.
import {
  execute,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  visit,
} from 'graphql'
import type { DataObject } from '../execute/plain-object.ts'
import { withCode } from './validate-document.ts'
import type { DocumentPermissions } from './written-limits.ts'

export interface SelectedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

export function selectOperation(
  document: DocumentNode,
  operationName: string | undefined,
): SelectedOperation | GraphQLError {
  const operation = getOperationAST(document, operationName)
  if (!operation) {
    const message =
      operationName === undefined
        ? 'The document holds several operations, or none. Name the one to run in operationName.'
        : `The document holds no operation named "${operationName}".`
    return new GraphQLError(message, { extensions: { code: 'REQUEST_INVALID' } })
  }
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  return { document, operation, fragments }
}

/** The variables that @skip and @include name. */
export function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: ({ name, arguments: values }) => {
      const value = values?.[0]?.value
      if (['skip', 'include'].includes(name.value) && value?.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}

export type CoercedVariables =
  | { readonly kind: 'coerced'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'invalid'; readonly errors: readonly GraphQLError[] }

const VARIABLE_ERRORS_MAX = 20

/** A variable with a default may stand where null is not allowed and still be given as null (spec 5.8.5): then the condition has no value. */
export function checkConditions(names: readonly string[], values: Readonly<Record<string, unknown>>): GraphQLError[] {
  return names
    .filter((name) => values[name] === null)
    .map((name) => {
      const message = `Variable "$${name}" is the condition of @skip or @include and must not be null. Send true or false, or leave it out.`
      return new GraphQLError(message, { extensions: { code: 'VARIABLES_INVALID' } })
    })
}

export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions: definitions = [] }: Pick<OperationDefinitionNode, 'variableDefinitions'>,
  raw: Readonly<Record<string, unknown>>,
  { introspection }: DocumentPermissions = { introspection: true },
): CoercedVariables {
  if (definitions.length === 0) return { kind: 'coerced', values: {} }
  const options = { maxErrors: VARIABLE_ERRORS_MAX, hideSuggestions: !introspection }
  const result = getVariableValues(schema, definitions, raw, options)
  return result.errors === undefined
    ? { kind: 'coerced', values: result.coerced }
    : { kind: 'invalid', errors: result.errors.map((error) => withCode(error, 'VARIABLES_INVALID')) }
}

/** Answers `__schema` and `__type` of a query's root from the public schema; null where none is asked for. */
export function compileIntrospection(
  schema: GraphQLSchema,
  { document, operation }: SelectedOperation,
): ((variables: Readonly<Record<string, unknown>>) => DataObject) | null {
  if (operation.operation !== 'query') return null
  const selections = introspectionOnly(operation.selectionSet.selections, document)
  if (selections.length === 0) return null
  const definitions = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const only: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }
  const introspection: DocumentNode = { kind: Kind.DOCUMENT, definitions: [only, ...definitions] }
  return (variables) => {
    const result = execute({ schema, document: introspection, variableValues: variables })
    return result instanceof Promise ? {} : (result.data ?? {})
  }
}

function introspectionOnly(selections: readonly SelectionNode[], document: DocumentNode): SelectionNode[] {
  return selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return ['__schema', '__type'].includes(selection.name.value) ? [selection] : []
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : document.definitions.find(
            (definition): definition is FragmentDefinitionNode =>
              definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
          )
    if (fragment === undefined) return []
    const inner = introspectionOnly(fragment.selectionSet.selections, document)
    if (inner.length === 0) return []
    const directives = selection.directives ?? []
    return [{ kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }]
  })
}
