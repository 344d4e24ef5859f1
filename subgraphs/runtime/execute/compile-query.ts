// Whole queries as closures. Those that say more than fields and fragments (directives, introspection, mutations) are not compiled:
// graphql-js runs them.
import {
  getNamedType,
  getOperationAST,
  getVariableValues,
  isAbstractType,
  Kind,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
  BREAK,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql'
import type { RequestContext } from '../request-context.ts'
import { specialEntities } from './compile-entities.ts'
import { isIndependent } from './compile-resolver.ts'
import { compileFields, type Compiling, type SetFields } from './compile-selection.ts'
import { Execution, type Holder } from './execution.ts'

export interface QueryResult {
  /** Made for this execution alone. */
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors: readonly GraphQLError[]
}

/** Null: the variables are not what the query declares. Never rejects. */
export type RunQuery = (
  given: Readonly<Record<string, unknown>>,
  context: RequestContext,
) => Promise<QueryResult> | null

/** Null where it is for graphql-js to say what is wrong with it, or to run it. */
export function compileQuery(schema: GraphQLSchema, query: string, operationName: string | undefined): RunQuery | null {
  const document = parseValid(schema, query)
  if (document === null) return null
  const operation = getOperationAST(document, operationName)
  const type = schema.getQueryType()
  if (operation?.operation !== 'query' || type === null || type === undefined) return null
  const compiling: Compiling = { schema, fragments: fragmentsOf(document), special: specialEntities(schema), fields: 0 }
  if (!isCompilable(compiling, document)) return null
  let set: SetFields | undefined
  const definitions = operation.variableDefinitions ?? []
  return (given, context) => {
    const { coerced } = getVariableValues(schema, definitions, given)
    if (coerced === undefined) return null
    set ??= compileFields(compiling, type, [operation])
    return runFields(set, coerced, context)
  }
}

function runFields(
  set: SetFields,
  variables: Readonly<Record<string, unknown>>,
  context: RequestContext,
): Promise<QueryResult> {
  return new Promise((resolve) => {
    const data: Holder = {}
    const run = new Execution(context, variables, ({ isNull, errors }) =>
      resolve({ data: isNull ? null : data, errors }),
    )
    set(undefined, data, null, run)
    run.settle()
  })
}

function parseValid(schema: GraphQLSchema, query: string): DocumentNode | null {
  try {
    const document = parse(query)
    return validate(schema, document).length === 0 ? document : null
  } catch {
    return null
  }
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
}

function isCompilable({ schema, special }: Compiling, document: DocumentNode): boolean {
  let compilable = true
  const refuse = (): typeof BREAK => {
    compilable = false
    return BREAK
  }
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Directive: refuse,
      Field: ({ name, alias }) => {
        // An object literal's own __proto__ would be its prototype.
        if (alias?.value === '__proto__') return refuse()
        if (name.value === '__typename') return undefined
        const field = types.getFieldDef()
        if (field === special?.field) return undefined
        const isPlain = field !== null && field !== undefined && !isAbstractType(getNamedType(field.type))
        return isPlain && !name.value.startsWith('__') && isIndependent(field) ? undefined : refuse()
      },
    }),
  )
  return compilable
}
