// From a client's document to an operation that may run: validate, plan, compile. Documents are kept as they were written, plans by what the
// document says (layout and comments aside), the operation's name, the values of the variables that @skip and @include name, and the
// labels of progressive @override that the planner asked for.
import { hash } from 'node:crypto'
import { Kind, print, visit, type DocumentNode, type GraphQLFormattedError } from 'graphql'
import { limits } from '../../platform/limits.ts'
import { compileOperation, type CompiledOperation } from '../execute/compile-operation.ts'
import type { DataObject } from '../execute/plain-object.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { createLruCache, type LruCache } from './lru-cache.ts'
import { compileIntrospection, selectOperation, type SelectedOperation } from './operation.ts'
import { countExpandedSelections } from './expanded-selections.ts'
import type { DocumentLimits } from './operation-limits.ts'
import type { IsLabelActive } from './override-labels.ts'
import type { Planner } from './planner.ts'
import { shareWork, type SharedWork } from './shared-work.ts'
import { parseDocument } from './validate-document.ts'

export interface PreparedOperation {
  /** The client's own document: errors are located in it. */
  readonly selected: SelectedOperation
  readonly compiled: CompiledOperation
  readonly introspect: ((variables: Readonly<Record<string, unknown>>) => DataObject) | null
  /** Equal for operations that have the same plan. */
  readonly key: string
}

/** A valid document with the operation selected in it. */
export interface ValidOperation {
  readonly kind: 'valid'
  readonly selected: SelectedOperation
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
}

export interface Preparer {
  /** Rejects with PLANNING_OVERLOADED, or the signal's reason. */
  validate(query: string, operationName: string | undefined, signal: AbortSignal | undefined): Promise<Validated>
  /** Rejects with PLAN_FAILED, PLANNING_OVERLOADED, or the signal's reason. */
  plan(operation: ValidOperation, request: PlanFor): Promise<PreparedOperation>
}

export interface PreparerOptions {
  readonly supergraph: Supergraph
  readonly limits: DocumentLimits
  readonly planner: Planner
}

type Compiled = Omit<PreparedOperation, 'selected'>

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
    const { document } = operation.selected
    const operationName = operation.selected.operation.name?.value
    const { variables, isLabelActive } = request
    const { plan, labelsAsked } = await options.planner.plan(
      { document, operationName, variables: conditionValues(operation, variables), isLabelActive },
      { selections: operation.selections, signal },
    )
    if (labelsAsked.length > 0) {
      const known = labels.get(operation.key) ?? new Set<string>()
      for (const label of labelsAsked) known.add(label)
      labels.set(operation.key, known, known.size)
    }
    const key = planKey(operation, request, labels.get(operation.key))
    const compiled: Compiled = {
      compiled: compileOperation(plan, options.supergraph.publicSchema),
      introspect: compileIntrospection(options.supergraph.publicSchema, operation.selected),
      key,
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
        const validated = await validate({ query, operationName, signal: abandoned }, options, valid)
        // What is refused is not kept: it costs little to refuse again, and would push good plans out.
        if (validated.kind === 'valid') documents.set(key, validated, key.length)
        return validated
      }).wait(signal)
    },
    plan: async (operation, request) => {
      const key = planKey(operation, request, labels.get(operation.key))
      const known = plans.get(key)
      if (known !== undefined) return { selected: operation.selected, ...known }
      const work = (signal: AbortSignal): Promise<Compiled> => compile(operation, request, signal)
      // Which labels a plan depends on is known only when it is there.
      const isShareable = options.supergraph.overrideLabels.length === 0
      const shared = isShareable ? joinWork(underWay, key, work) : shareWork(work)
      return { selected: operation.selected, ...(await shared.wait(request.signal)) }
    },
  }
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
  // Printing leaves layout and comments out. Large documents are generated: each comes in one layout, and printing takes milliseconds.
  const text = hash('sha256', query.length > limits.documentPrintedCharactersMax ? query : print(document), 'base64')
  const selections = countExpandedSelections(supergraph.publicSchema, document, limits.planInThreadSelectionsMax)
  if (valid.get(text) === undefined) {
    const errors = await planner.validate(document, query, { selections, signal })
    if (errors.length > 0) return { kind: 'invalid', errors }
    valid.set(text, true, text.length)
  }
  const selected = selectOperation(document, operationName)
  if (!('operation' in selected)) return { kind: 'invalid', errors: [selected.toJSON()] }
  const key = `${selected.operation.name?.value ?? ''}\n${text}`
  return { kind: 'valid', selected, conditions: conditionVariables(document), key, selections }
}

function planKey(operation: ValidOperation, { variables, isLabelActive }: PlanFor, labels?: Set<string>): string {
  let key = operation.key
  for (const name of operation.conditions) key += variables[name] === true ? '1' : '0'
  if (labels === undefined) return key
  for (const label of [...labels].toSorted()) key += `\n${label}${isLabelActive(label) ? '+' : '-'}`
  return key
}

function conditionValues(
  { conditions }: ValidOperation,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(conditions.map((name) => [name, variables[name] === true]))
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
