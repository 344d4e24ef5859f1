// From a client's document to a prepared operation: validate, plan, compile. Kept by document, operation name and the values of the
// variables that @skip and @include name: one plan per combination that occurs.
import {
  isNonNullType,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { collectFields, type CollectContext } from '../execute/collect-fields.ts'
import { compilePlan } from '../execute/compile-plan.ts'
import type { Execution, Step } from '../execute/execution.ts'
import type { ConcreteTypes } from '../execute/path-walker.ts'
import type { DataObject } from '../execute/plain-object.ts'
import { compileProjector, type ProjectResponse } from '../execute/projector.ts'
import { compileRootResponse, type CompileContext } from '../execute/root-fetch.ts'
import { compileVariables, type ReadResponse } from '../execute/call-subgraph.ts'
import { internalKey } from './internal-key.ts'
import { createLruCache, type LruCache } from './lru-cache.ts'
import { compileIntrospection, selectOperation, type SelectedOperation } from './operation.ts'
import type { DocumentLimits } from './operation-limits.ts'
import type { Plan, Planner } from './planner.ts'
import { planningDocuments } from './planning-document.ts'
import { validateDocument } from './validate-document.ts'

/** Where a subscription's events come from. */
export interface PreparedSource {
  readonly service: string
  readonly query: string
  readonly variables: (variables: Readonly<Record<string, unknown>>) => DataObject
  readonly absorb: (execution: Execution, response: ReadResponse) => void
}

export interface PreparedOperation {
  readonly selected: SelectedOperation
  /** Run in order; several only for mutations. */
  readonly steps: readonly PreparedStep[]
  readonly source: PreparedSource | null
  readonly introspect: ((variables: Readonly<Record<string, unknown>>) => DataObject) | null
  readonly project: ProjectResponse
  /** What was planned, fragments written out: its size stands for the size of all this. */
  readonly plannedCharacters: number
}

export interface PreparedStep {
  readonly run: Step
  /** Keys of the data that must have a value afterwards, or a serial operation ends. */
  readonly required: readonly string[]
}

/** A valid document with the operation selected in it. */
export interface ValidOperation {
  readonly kind: 'valid'
  readonly selected: SelectedOperation
  /** The variables that @skip and @include name. */
  readonly conditions: readonly string[]
  /** Plans and compiles for the variables that @skip and @include name. Rejects with PLAN_FAILED. */
  readonly forVariables: (variables: Readonly<Record<string, unknown>>) => Promise<PreparedOperation>
}

export type Validated = ValidOperation | { readonly kind: 'invalid'; readonly errors: readonly GraphQLError[] }

export interface Preparer {
  validate(query: string, operationName: string | undefined): Validated
}

export interface PreparerOptions {
  readonly schema: GraphQLSchema
  readonly types: ConcreteTypes
  readonly planner: Planner
  readonly limits: DocumentLimits
}

export function createPreparer(options: PreparerOptions): Preparer {
  const bounds = { entriesMax: limits.planCacheEntriesMax, weightMax: limits.planCacheCharactersMax }
  const documents = createLruCache<ValidOperation>(bounds)
  const plans = createLruCache<Promise<PreparedOperation>>(bounds)
  return {
    validate: (query, operationName) => {
      const key = `${operationName ?? ''}\n${query}`
      const known = documents.get(key)
      if (known !== undefined) return known
      const validated = validateDocument(query, options.schema, options.limits)
      // What is refused is not kept: it costs little to refuse again, and would push good plans out.
      if (validated.kind === 'invalid') return validated
      const selected = selectOperation(validated.document, operationName)
      if (!('operation' in selected)) return { kind: 'invalid', errors: [selected] }
      const names = conditionVariables(selected.document)
      const valid: ValidOperation = {
        kind: 'valid',
        selected,
        conditions: names,
        forVariables: (variables) => {
          const combination = names.map((name) => (variables[name] === true ? '1' : '0')).join('')
          return keepPlan(plans, `${combination}\n${key}`, () => prepare(selected, variables, options))
        },
      }
      documents.set(key, valid, key.length)
      return valid
    },
  }
}

function keepPlan(
  plans: LruCache<Promise<PreparedOperation>>,
  key: string,
  plan: () => Promise<PreparedOperation>,
): Promise<PreparedOperation> {
  const known = plans.get(key)
  if (known !== undefined) return known
  const planning = plan()
  plans.set(key, planning, key.length)
  planning.then(
    ({ plannedCharacters }) => {
      // A short document may spread its fragments many times.
      if (plans.get(key) === planning) plans.set(key, planning, key.length + plannedCharacters)
    },
    () => plans.delete(key),
  )
  return planning
}

async function prepare(
  selected: SelectedOperation,
  variables: Readonly<Record<string, unknown>>,
  options: PreparerOptions,
): Promise<PreparedOperation> {
  const { schema, types } = options
  const { document, operation, fragments } = selected
  const rootType = schema.getRootType(operation.operation)
  invariant(rootType, `a valid ${operation.operation} has a root type`)
  const documents = planningDocuments(schema, document, operation, variables)
  const plans = await Promise.all(documents.operations.map((query) => options.planner.plan(query)))
  const context: CompileContext = { types, variableNames: documents.variableNames }
  const fields = { schema, fragments, variables: { ...variables } }
  const required = requiredKeys(selected, rootType, fields)
  return {
    selected,
    steps: plans.flatMap(({ node }, index) => {
      if (node === null) return []
      const keys = documents.rootKeys[index] ?? []
      return [{ run: compilePlan(node, context), required: keys.filter((key) => required.has(key)) }]
    }),
    source: plans[0] === undefined ? null : toSource(plans[0], context),
    introspect: compileIntrospection(schema, selected),
    project: compileProjector(operation, rootType, fields),
    plannedCharacters: documents.operations.reduce((sum, query) => sum + query.length, 0),
  }
}

function toSource({ source }: Plan, context: CompileContext): PreparedSource | null {
  if (source === null) return null
  return {
    service: source.service,
    query: source.operation,
    variables: compileVariables(source.variables, context.variableNames),
    absorb: compileRootResponse(source, context),
  }
}

/** Root keys of a mutation whose type allows no null: without a value there, the spec ends the execution. */
function requiredKeys(
  { operation }: SelectedOperation,
  rootType: GraphQLObjectType,
  context: CollectContext,
): ReadonlySet<string> {
  const keys = new Set<string>()
  if (operation.operation !== 'mutation') return keys
  for (const [first] of collectFields([operation.selectionSet], rootType, context).values()) {
    if (first === undefined || !isNonNullType(rootType.getFields()[first.name.value]?.type)) continue
    keys.add(internalKey(first.name.value, first.alias?.value))
  }
  return keys
}

function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: ({ name, arguments: values }) => {
      const value = values?.[0]?.value
      if (['skip', 'include'].includes(name.value) && value?.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}
