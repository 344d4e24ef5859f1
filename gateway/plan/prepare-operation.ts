// From a client's document to an operation that may run: validate, plan, compile. Documents are kept as they were written, plans by what the
// document says (layout and comments aside), the operation's name, the values of the variables that @skip and @include name, and the
// labels of progressive @override that the planner asked for.
import { hash } from 'node:crypto'
import {
  print,
  type DocumentNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
  type VariableDefinitionNode,
} from 'graphql'
import { limits } from '../../platform/limits.ts'
import { compileOperation, type CompiledOperation } from '../execute/compile-operation.ts'
import type { OperationCost } from '../cost/operation-cost.ts'
import type { DataObject } from '../execute/plain-object.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { createLruCache, type LruCache } from '../../platform/lru-cache.ts'
import { compileIntrospection, conditionVariables, selectOperation, type SelectedOperation } from './operation.ts'
import { countExpandedSelections } from './expanded-selections.ts'
import type { DocumentRules } from './operation-limits.ts'
import { isRequirement, type IsLabelActive } from './override-labels.ts'
import type { Planner } from './planner.ts'
import type { Planned } from './planning-messages.ts'
import { readDefinitions, selectWhenAsked } from './read-operation.ts'
import { shareWork, type SharedWork } from './shared-work.ts'
import { parseDocument } from './validate-document.ts'

export interface PreparedOperation {
  /** The client's own document: errors are located in it. */
  readonly selected: SelectedOperation
  readonly compiled: CompiledOperation
  readonly introspect: ((variables: Readonly<Record<string, unknown>>) => DataObject) | null
  /** Equal for operations that have the same plan. */
  readonly key: string
  readonly cost: OperationCost
}

/** A valid document with the operation selected in it. */
export interface ValidOperation {
  readonly kind: 'valid'
  /** Of a large document: parsed when it is looked at. */
  readonly selected: SelectedOperation
  readonly query: string
  readonly operation: OperationTypeNode
  readonly name: string | undefined
  readonly variableDefinitions: readonly VariableDefinitionNode[]
  readonly introspects: boolean
  /** The variables that @skip and @include name. */
  readonly conditions: readonly string[]
  /** Layout and comments aside. */
  readonly key: string
  /** Fragments written out; counted no further than it matters. */
  readonly selections: number
}

export type Validated = ValidOperation | { readonly kind: 'invalid'; readonly errors: readonly GraphQLFormattedError[] }

export interface PlanFor {
  readonly variables: Readonly<Record<string, unknown>>
  readonly isLabelActive: IsLabelActive
  readonly signal: AbortSignal | undefined
  /** Told when the plan is there, and whether it was before. */
  readonly onPlan?: ((isCached: boolean) => void) | undefined
}

export interface Preparer {
  /** Rejects with PLANNING_OVERLOADED, or the signal's reason. */
  validate(query: string, operationName: string | undefined, signal: AbortSignal | undefined): Promise<Validated>
  /** Rejects with PLAN_FAILED, PLANNING_OVERLOADED, or the signal's reason. */
  plan(operation: ValidOperation, request: PlanFor): Promise<PreparedOperation>
  /** Whose plans are kept and were used last, the latest first. */
  recent(): readonly PlannedOperation[]
}

/** What a plan was made for. */
export interface PlannedOperation {
  readonly query: string
  readonly operationName: string | undefined
  /** Of the variables that @skip and @include name. */
  readonly variables: Readonly<Record<string, unknown>>
  /** Of those that the plan depends on. */
  readonly requirementsMet: readonly string[]
}

export interface PreparerOptions {
  readonly supergraph: Supergraph
  readonly limits: DocumentRules
  readonly planner: Planner
  /** What costs assume of lists that the schema says nothing of. */
  readonly listSize: number
}

interface Compiled extends Omit<PreparedOperation, 'selected'> {
  readonly planned: PlannedOperation
}

export function createPreparer(options: PreparerOptions): Preparer {
  const bounds = { entriesMax: limits.planCacheEntriesMax, weightMax: limits.planCacheCharactersMax }
  const documents = createLruCache<ValidOperation>(bounds)
  const plans = createLruCache<Compiled>(bounds)
  /** Layout and comments aside: documents known to be valid, so that another copy need not be validated. */
  const valid = createLruCache<true>(bounds)
  const validating = new Map<string, SharedWork<Validated>>()
  const underWay = new Map<string, SharedWork<Compiled>>()
  /** By operation: the labels that its plans depend on, as far as they are known. */
  const labels = createLruCache<Set<string>>(bounds)

  const compile = async (operation: ValidOperation, request: PlanFor, signal: AbortSignal): Promise<Compiled> => {
    const { query, name: operationName } = operation
    const document = (): DocumentNode => operation.selected.document
    const { isLabelActive } = request
    const variables = conditionValues(operation, request.variables)
    const planned = await options.planner.plan(
      { query, document, operationName, variables, isLabelActive, listSize: options.listSize },
      { selections: operation.selections, signal },
    )
    const { plan, labelsAsked } = planned
    if (labelsAsked.length > 0) {
      const known = labels.get(operation.key) ?? new Set<string>()
      for (const label of labelsAsked) known.add(label)
      labels.set(operation.key, known, known.size)
    }
    const key = planKey(operation, request, labels.get(operation.key))
    const requirementsMet = labelsAsked.filter((label) => isRequirement(label) && isLabelActive(label))
    const compiled: Compiled = {
      ...compilePlanned(planned, operation, options.supergraph.publicSchema),
      key,
      planned: { query, operationName, variables, requirementsMet },
    }
    // A short document may spread its fragments many times.
    plans.set(key, compiled, key.length + plan.fetches.reduce((sum, { query }) => sum + query.length, 0))
    return compiled
  }

  return {
    validate: async (query, operationName, signal) => {
      const key = operationName === undefined ? query : `${operationName}\n${query}`
      const known = documents.get(key)
      if (known !== undefined) return known
      return joinWork(validating, key, async (abandoned) => {
        const asked = { query, operationName, signal: abandoned }
        const isLarge = query.length > limits.documentParsedInThreadCharactersMax
        const validated = await (isLarge ? validateLarge(asked, options) : validate(asked, options, valid))
        // What is refused is not kept: it costs little to refuse again, and would push good plans out.
        if (validated.kind === 'valid') documents.set(key, validated, key.length)
        return validated
      }).wait(signal)
    },
    plan: async (operation, request) => {
      const key = planKey(operation, request, labels.get(operation.key))
      const known = plans.get(key)
      if (known !== undefined) {
        request.onPlan?.(true)
        return { selected: operation.selected, ...known }
      }
      const work = (signal: AbortSignal): Promise<Compiled> => compile(operation, request, signal)
      // Which labels a plan depends on is known only when it is there.
      const isShareable = options.supergraph.overrideLabels.length === 0
      const shared = isShareable ? joinWork(underWay, key + viewOf(options.supergraph, request), work) : shareWork(work)
      const compiled = await shared.wait(request.signal)
      request.onPlan?.(false)
      return { selected: operation.selected, ...compiled }
    },
    recent: () => plans.recent(limits.plansWarmedMax).map(({ planned }) => planned),
  }
}

function compilePlanned({ plan, cost }: Planned, operation: ValidOperation, schema: GraphQLSchema) {
  const introspect = operation.introspects ? compileIntrospection(schema, operation.selected) : null
  return { compiled: compileOperation(plan, schema), introspect, cost }
}

function joinWork<Result>(
  underWay: Map<string, SharedWork<Result>>,
  key: string,
  work: (signal: AbortSignal) => Promise<Result>,
): SharedWork<Result> {
  const known = underWay.get(key)
  if (known !== undefined) return known
  const shared = shareWork(work)
  underWay.set(key, shared)
  shared.onSettled(() => {
    if (underWay.get(key) === shared) underWay.delete(key)
  })
  return shared
}

interface Asked {
  readonly query: string
  readonly operationName: string | undefined
  readonly signal: AbortSignal
}

async function validate(
  { query, operationName, signal }: Asked,
  { supergraph, limits: documentLimits, planner }: PreparerOptions,
  valid: LruCache<true>,
): Promise<Validated> {
  const parsed = parseDocument(query, supergraph.publicSchema, documentLimits)
  if (parsed.kind === 'invalid') return { kind: 'invalid', errors: parsed.errors.map((error) => error.toJSON()) }
  const { document } = parsed
  const text = hash('sha256', print(document), 'base64')
  const selections = countExpandedSelections(supergraph.publicSchema, document, limits.planInThreadSelectionsMax)
  if (valid.get(text) === undefined) {
    const errors = await planner.validate(document, query, { selections, signal })
    if (errors.length > 0) return { kind: 'invalid', errors }
    valid.set(text, true, text.length)
  }
  const selected = selectOperation(document, operationName)
  if (!('operation' in selected)) return { kind: 'invalid', errors: [selected.toJSON()] }
  const { operation } = selected
  const name = operation.name?.value
  return {
    kind: 'valid',
    selected,
    query,
    operation: operation.operation,
    name,
    variableDefinitions: operation.variableDefinitions ?? [],
    introspects: true,
    conditions: conditionVariables(document),
    key: `${name ?? ''}\n${text}`,
    selections,
  }
}

/** Large documents are generated: each comes in one layout, so the text stands for what it says. */
async function validateLarge(
  { query, operationName, signal }: Asked,
  { limits: documentLimits, planner }: PreparerOptions,
): Promise<Validated> {
  const read = await planner.read({ query, operationName }, documentLimits, signal)
  if (read.kind === 'invalid') return read
  const { variables, ...facts } = read
  return {
    ...facts,
    selected: selectWhenAsked({ query, operationName }),
    query,
    variableDefinitions: readDefinitions(variables),
    key: `${read.name ?? ''}\n${hash('sha256', query, 'base64')}`,
  }
}

function planKey(operation: ValidOperation, { variables, isLabelActive }: PlanFor, labels?: Set<string>): string {
  let key = operation.key
  for (const name of operation.conditions) key += variables[name] === true ? '1' : '0'
  if (labels === undefined) return key
  for (const label of [...labels].toSorted()) key += `\n${label}${isLabelActive(label) ? '+' : '-'}`
  return key
}

/** Which requirements are met: a plan depends on some of them. */
function viewOf({ access }: Supergraph, { isLabelActive }: PlanFor): string {
  let view = '\n'
  for (const text of access.requirements.keys()) view += isLabelActive(text) ? '1' : '0'
  return view
}

function conditionValues(
  { conditions }: ValidOperation,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(conditions.map((name) => [name, variables[name] === true]))
}
