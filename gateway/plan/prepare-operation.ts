// From a client's document to a prepared operation: validate, plan, compile; kept by document and operation name.
import {
  isNonNullType,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'
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
  /** The projector for these values of the variables that @skip and @include name. */
  readonly project: (variables: Readonly<Record<string, unknown>>) => ProjectResponse
}

export interface PreparedStep {
  readonly run: Step
  /** Keys of the data that must have a value afterwards, or a serial operation ends. */
  readonly required: (variables: Readonly<Record<string, unknown>>) => readonly string[]
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
  const { operation } = selected
  const documents = planningDocuments(schema, validated.document, operation)
  const plans = await Promise.all(documents.operations.map((document) => options.planner.plan(document)))
  const context: CompileContext = { types, variableNames: documents.variableNames }
  const rootType = schema.getRootType(operation.operation)
  if (!rootType) return { kind: 'invalid', errors: [] }
  return {
    kind: 'prepared',
    selected,
    steps: plans.flatMap((plan, index) =>
      toStep(plan, context, requiredKeys(selected, schema, documents.rootKeys[index] ?? [])),
    ),
    source: plans[0] === undefined ? null : toSource(plans[0], context),
    introspect: compileIntrospection(schema, selected),
    project: createProjectors(selected, rootType, schema),
  }
}

function toStep(plan: Plan, context: CompileContext, required: PreparedStep['required']): PreparedStep[] {
  return plan.node === null ? [] : [{ run: compilePlan(plan.node, context), required }]
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

/** Of the root keys, those whose type allows no null and that these variables include. */
function requiredKeys(
  { operation, fragments }: SelectedOperation,
  schema: GraphQLSchema,
  rootKeys: readonly string[],
): PreparedStep['required'] {
  const rootType = schema.getRootType(operation.operation)
  return (variables) => {
    if (operation.operation !== 'mutation' || !rootType) return []
    const collected = collectFields([operation.selectionSet], rootType, { schema, fragments, variables })
    return [...collected.values()].flatMap(([first]) => {
      if (first === undefined || !isNonNullType(rootType.getFields()[first.name.value]?.type)) return []
      const key = internalKey(first.name.value, first.alias?.value)
      return rootKeys.includes(key) ? [key] : []
    })
  }
}

const PROJECTORS_MAX = 32

/** One projector per combination of what conditions depend on; few occur, and a client that sends all of them empties the cache. */
function createProjectors(
  { operation, document, fragments }: SelectedOperation,
  rootType: GraphQLObjectType,
  schema: GraphQLSchema,
): PreparedOperation['project'] {
  const names = conditionVariables(document)
  const projectors = new Map<string, ProjectResponse>()
  return (variables) => {
    const key = names.map((name) => (variables[name] === true ? '1' : '0')).join('')
    const known = projectors.get(key)
    if (known !== undefined) return known
    if (projectors.size >= PROJECTORS_MAX) projectors.clear()
    const projector = compileProjector(operation, rootType, { schema, fragments, variables: { ...variables } })
    projectors.set(key, projector)
    return projector
  }
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
