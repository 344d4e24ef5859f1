// Parses and validates a client's document: limits first, then the spec's rules against the public schema, then what this gateway
// does not do. Nothing that did not pass here is ever planned.
import {
  FragmentsOnCompositeTypesRule,
  GraphQLError,
  Kind,
  KnownDirectivesRule,
  KnownFragmentNamesRule,
  NoFragmentCyclesRule,
  NoUndefinedVariablesRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  parse,
  PossibleFragmentSpreadsRule,
  specifiedRules,
  UniqueDirectivesPerLocationRule,
  UniqueFragmentNamesRule,
  UniqueVariableNamesRule,
  validate,
  VariablesAreInputTypesRule,
  VariablesInAllowedPositionRule,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql'
import { limits } from '../../platform/limits.ts'
import { checkLimits, type DocumentRules } from './operation-limits.ts'
import { compareFields } from './overlapping-fields.ts'
import type { DocumentPermissions } from './written-limits.ts'

const UNSUPPORTED_DIRECTIVES = new Set(['defer', 'stream'])
const VALIDATION_ERRORS_MAX = 20

export type ParsedDocument =
  | { readonly kind: 'parsed'; readonly document: DocumentNode }
  | { readonly kind: 'invalid'; readonly errors: readonly GraphQLError[] }

/** What is cheap to refuse: syntax, limits, and what this gateway does not do. */
export function parseDocument(query: string, schema: GraphQLSchema, limits: DocumentRules): ParsedDocument {
  const document = parseBounded(query, limits.documentTokensMax)
  if (document instanceof GraphQLError) return { kind: 'invalid', errors: [document] }
  const early = [...checkLimitsBounded(document, limits), ...unsupported(document, schema)]
  if (early.length > 0) return { kind: 'invalid', errors: early.slice(0, VALIDATION_ERRORS_MAX) }
  return { kind: 'parsed', document }
}

/** Rules about what cannot be in a text without this sign. Every rule is called at every node: without these validation takes half the time. */
const RULES_BY_SIGN: readonly (readonly [sign: RegExp, rules: readonly ValidationRule[]])[] = [
  [
    /\.\.\.|fragment/,
    [
      FragmentsOnCompositeTypesRule,
      KnownFragmentNamesRule,
      NoFragmentCyclesRule,
      NoUnusedFragmentsRule,
      PossibleFragmentSpreadsRule,
      UniqueFragmentNamesRule,
    ],
  ],
  [
    /\$/,
    [
      NoUndefinedVariablesRule,
      NoUnusedVariablesRule,
      UniqueVariableNamesRule,
      VariablesAreInputTypesRule,
      VariablesInAllowedPositionRule,
    ],
  ],
  [/@/, [KnownDirectivesRule, UniqueDirectivesPerLocationRule]],
]

function rulesFor(text: string, allAlike: boolean): readonly ValidationRule[] {
  const left = new Set(specifiedRules)
  if (allAlike) left.delete(OverlappingFieldsCanBeMergedRule)
  for (const [sign, rules] of RULES_BY_SIGN) {
    if (sign.test(text)) continue
    for (const rule of rules) left.delete(rule)
  }
  return [...left]
}

/**
 * The spec's rules. Fields and fragments are compared in pairs only where some differ: of 900 that took 200 milliseconds. Who may not read the
 * schema is not told names that are nearly right either: guesses would read it.
 */
export function validateDocument(
  document: DocumentNode,
  schema: GraphQLSchema,
  { introspection }: DocumentPermissions = { introspection: true },
): readonly GraphQLError[] {
  const { allAlike, pairs } = compareFields(schema, document)
  if (!allAlike && pairs > limits.documentPairsMax) return [crowded()]
  const rules = rulesFor(document.loc?.source.body ?? '...$@', allAlike)
  const options = { maxErrors: VALIDATION_ERRORS_MAX, hideSuggestions: !introspection }
  return validate(schema, document, rules, options).map(toRefusal)
}

function toRefusal(error: GraphQLError): GraphQLError {
  // graphql-js has a bound of its own on comparing.
  return error.message === 'Validation aborted.' ? crowded() : withCode(error, 'DOCUMENT_INVALID')
}

function crowded(): GraphQLError {
  const message =
    'The document selects too many fields and fragments in one place, and not all of them alike. Ask each field once, and let no two fields differ that have one response key.'
  return new GraphQLError(message, { extensions: { code: 'DOCUMENT_TOO_LARGE' } })
}

function checkLimitsBounded(document: DocumentNode, limits: DocumentRules): GraphQLError[] {
  try {
    return checkLimits(document, limits)
  } catch (error) {
    if (error instanceof RangeError) return [tooDeep()]
    throw error
  }
}

function tooDeep(): GraphQLError {
  return new GraphQLError('The document is nested too deeply.', { extensions: { code: 'DOCUMENT_TOO_LARGE' } })
}

function parseBounded(query: string, tokensMax: number): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: tokensMax })
  } catch (error) {
    if (!(error instanceof GraphQLError)) {
      // The parser recurses: lists nested by the thousand end its stack before the token limit.
      return tooDeep()
    }
    if (!error.message.includes('Parsing aborted')) return withCode(error, 'DOCUMENT_INVALID')
    const message = `The document exceeds documentTokensMax: more than the ${tokensMax} that are allowed.`
    return new GraphQLError(message, { extensions: { code: 'DOCUMENT_TOO_LARGE' } })
  }
}

function unsupported(document: DocumentNode, schema: GraphQLSchema): GraphQLError[] {
  const errors: GraphQLError[] = []
  const refuse = (message: string, nodes: GraphQLError['nodes']): void => {
    errors.push(new GraphQLError(message, { nodes: nodes ?? null, extensions: { code: 'DOCUMENT_INVALID' } }))
  }
  visit(document, {
    Directive: (node) => {
      if (UNSUPPORTED_DIRECTIVES.has(node.name.value)) {
        const message = `@${node.name.value} is not supported by this gateway. Ask without it: the response comes whole.`
        refuse(message, [node])
      }
    },
    Field: (node) => {
      if (node.alias?.value === '__typename' && node.name.value !== '__typename') {
        refuse('"__typename" cannot be the alias of another field: federation needs it. Choose another alias.', [node])
      }
    },
    VariableDefinition: ({ variable }) => {
      // graphql-js 16 keeps coerced values in a plain object: this one would become its prototype, and not be sent.
      if (variable.name.value === '__proto__')
        refuse('"$__proto__" cannot be a variable. Choose another name.', [variable])
    },
    OperationDefinition: (node) => {
      // The spec's rules pass over an operation whose root type does not exist.
      if (!schema.getRootType(node.operation)) refuse(`The schema has no ${node.operation}s.`, [node])
      if (node.operation !== 'subscription') return
      // The event's stream comes from one subgraph: whether to open it cannot depend on variables (October 2021 leaves it open).
      const conditional = node.selectionSet.selections.find((selection) => (selection.directives ?? []).length > 0)
      if (conditional?.kind === Kind.FIELD) {
        refuse('The root field of a subscription cannot have @skip or @include. Leave the directive out.', [
          conditional,
        ])
      }
    },
  })
  return errors
}

export function withCode(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: { code, ...error.extensions },
  })
}
