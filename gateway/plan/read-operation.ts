// What the thread of the requests has to know of a large operation, whose document it does not parse itself: that takes it ten milliseconds,
// and a kept document weighs 150 times its text.
import {
  Kind,
  parse,
  print,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
  type VariableDefinitionNode,
} from 'graphql'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { countExpandedSelections } from './expanded-selections.ts'
import { compileIntrospection, conditionVariables, selectOperation, type SelectedOperation } from './operation.ts'
import type { DocumentRules } from './operation-limits.ts'
import { parseDocument, validateDocument } from './validate-document.ts'

export interface OperationFacts {
  readonly kind: 'valid'
  readonly operation: OperationTypeNode
  readonly name: string | undefined
  /** GraphQL of its definitions. */
  readonly variables: readonly string[]
  /** The variables that @skip and @include name. */
  readonly conditions: readonly string[]
  readonly selections: number
  readonly introspects: boolean
}

export interface OperationText {
  readonly query: string
  readonly operationName: string | undefined
}

/** All that is checked of a document. */
export function readOperation(
  schema: GraphQLSchema,
  { query, operationName }: OperationText,
  documentLimits: DocumentRules,
): OperationFacts | { readonly kind: 'invalid'; readonly errors: readonly GraphQLFormattedError[] } {
  const parsed = parseDocument(query, schema, documentLimits)
  if (parsed.kind === 'invalid') return { kind: 'invalid', errors: parsed.errors.map((error) => error.toJSON()) }
  const { document } = parsed
  const errors = validateDocument(document, schema, documentLimits)
  if (errors.length > 0) return { kind: 'invalid', errors: errors.map((error) => error.toJSON()) }
  const selected = selectOperation(document, operationName)
  if (!('operation' in selected)) return { kind: 'invalid', errors: [selected.toJSON()] }
  const { operation } = selected
  return {
    kind: 'valid',
    operation: operation.operation,
    name: operation.name?.value,
    variables: (operation.variableDefinitions ?? []).map(print),
    conditions: conditionVariables(document),
    selections: countExpandedSelections(schema, document, limits.planInThreadSelectionsMax),
    introspects: compileIntrospection(schema, selected) !== null,
  }
}

export function readDefinitions(variables: readonly string[]): readonly VariableDefinitionNode[] {
  if (variables.length === 0) return []
  const [operation] = parse(`query (${variables.join(' ')}) { __typename }`, { noLocation: true }).definitions
  return operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : []
}

/** Parsed when it is looked at: to locate an error, for the most part. The text is valid. */
export function selectWhenAsked({ query, operationName }: OperationText): SelectedOperation {
  let known: SelectedOperation | null = null
  const selected = (): SelectedOperation => {
    if (known !== null) return known
    const found = selectOperation(parse(query), operationName)
    invariant('operation' in found, 'a valid document has the operation')
    known = found
    return known
  }
  return {
    get document() {
      return selected().document
    },
    get operation() {
      return selected().operation
    },
    get fragments() {
      return selected().fragments
    },
  }
}
