// From a client's document to a prepared operation: validate, plan, compile; kept by document and operation name.
import { isNonNullType, type GraphQLError, type GraphQLSchema } from 'graphql'
import { limits } from '../../platform/limits.ts'
import { collectFields } from '../execute/collect-fields.ts'
import { compilePlan } from '../execute/compile-plan.ts'
import type { Execution, Step } from '../execute/execution.ts'
import type { ConcreteTypes } from '../execute/path-walker.ts'
import type { DataObject } from '../execute/plain-object.ts'
import { compileProjector, type ProjectResponse } from '../execute/projector.ts'
import { compileRootResponse, type CompileContext } from '../execute/root-fetch.ts'
import { compileVariables, type ReadResponse } from '../execute/call-subgraph.ts'
import { internalKey } from './internal-key.ts'
import { createLruCache } from './lru-cache.ts'
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
  readonly kind: 'prepared'
  readonly selected: SelectedOperation
  /** Run in order; several only for mutations. */
  readonly steps: readonly PreparedStep[]
  readonly source: PreparedSource | null
  readonly introspect: ((variables: Readonly<Record<string, unknown>>) => DataObject) | null
  readonly project: ProjectResponse
}

export interface PreparedStep {
  readonly run: Step
  /** Keys of the data that must have a value afterwards, or a serial operation ends. */
  readonly required: readonly string[]
}

export type Preparation = PreparedOperation | { readonly kind: 'invalid'; readonly errors: readonly GraphQLError[] }

export interface Preparer {
  /** Rejects with PLAN_FAILED. */
  prepare(query: string, operationName: string | undefined): Promise<Preparation>
}

export interface PreparerOptions {
  readonly schema: GraphQLSchema
  readonly types: ConcreteTypes
  readonly planner: Planner
  readonly limits: DocumentLimits
}

export function createPreparer(options: PreparerOptions): Preparer {
  const cache = createLruCache<Promise<Preparation>>({
    entriesMax: limits.planCacheEntriesMax,
    weightMax: limits.planCacheCharactersMax,
  })
  return {
    prepare: (query, operationName) => {
      const key = `${operationName ?? ''}\n${query}`
      const known = cache.get(key)
      if (known !== undefined) return known
      const preparing = prepare(query, operationName, options)
      cache.set(key, preparing, key.length)
      // What is refused is not kept: it costs little to refuse again, and would push good plans out.
      const forget = (): void => cache.delete(key)
      preparing.then((preparation) => {
        if (preparation.kind === 'invalid') forget()
      }, forget)
      return preparing
    },
  }
}

async function prepare(
  query: string,
  operationName: string | undefined,
  options: PreparerOptions,
): Promise<Preparation> {
  const { schema, types } = options
  const validated = validateDocument(query, schema, options.limits)
  if (validated.kind === 'invalid') return validated
  const selected = selectOperation(validated.document, operationName)
  if (!('operation' in selected)) return { kind: 'invalid', errors: [selected] }
  const { operation, fragments } = selected
  const documents = planningDocuments(schema, validated.document, operation)
  const plans = await Promise.all(documents.operations.map((document) => options.planner.plan(document)))
  const context: CompileContext = { types, variableNames: documents.variableNames }
  const rootType = schema.getRootType(operation.operation)
  if (!rootType) return { kind: 'invalid', errors: [] }
  const required = requiredRootKeys(selected, schema)
  return {
    kind: 'prepared',
    selected,
    steps: plans.flatMap((plan, index) => toStep(plan, documents.rootKeys[index] ?? [], required, context)),
    source: plans[0] === undefined ? null : toSource(plans[0], context),
    introspect: compileIntrospection(schema, selected),
    project: compileProjector(operation, rootType, { schema, fragments }),
  }
}

function toStep(
  plan: Plan,
  rootKeys: readonly string[],
  required: ReadonlySet<string>,
  context: CompileContext,
): PreparedStep[] {
  if (plan.node === null) return []
  return [{ run: compilePlan(plan.node, context), required: rootKeys.filter((key) => required.has(key)) }]
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

function requiredRootKeys({ operation, fragments }: SelectedOperation, schema: GraphQLSchema): ReadonlySet<string> {
  const rootType = schema.getRootType(operation.operation)
  const keys = new Set<string>()
  if (!rootType) return keys
  const selected = [{ selectionSet: operation.selectionSet, conditions: [] }]
  for (const [first] of collectFields(selected, rootType, { schema, fragments }).values()) {
    if (first === undefined) continue
    const { name, alias } = first.node
    const type = rootType.getFields()[name.value]?.type
    // Under a condition the field may rightly be absent.
    if (isNonNullType(type) && first.conditions.length === 0) keys.add(internalKey(name.value, alias?.value))
  }
  return keys
}
