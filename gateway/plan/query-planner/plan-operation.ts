// Plans an operation: which subgraphs are asked for what, in which order, and where each value of the response is then found.
// Pure and synchronous. The steps: find a source for every field (plan-object.ts), put requests together (merge-requests.ts), give
// response keys and print (print-selection.ts), and write the plan (write-plan.ts).
import { Kind, type DocumentNode, type FragmentDefinitionNode, type OperationDefinitionNode } from 'graphql'
import { invariant, MeshgateError } from '../../../platform/errors.ts'
import type { Supergraph } from '../../supergraph/supergraph.ts'
import type { Plan } from '../plan.ts'
import type { Collecting } from './collect-items.ts'
import { lookUp } from './look-up.ts'
import { planObject, type PlannedObject } from './plan-object.ts'
import { planSerialRoot } from './plan-root.ts'
import { DEAD_END, type Planning } from './planning.ts'
import { createRootSite } from './sites.ts'
import { writePlan } from './write-plan.ts'

export interface PlanRequest {
  /** Validated against the public schema, and within the limits of documents. */
  readonly document: DocumentNode
  readonly operationName?: string
  /** Only the booleans that @skip and @include name are read. */
  readonly variables: Readonly<Record<string, unknown>>
  /** Whether a progressive @override is in force. */
  readonly isLabelActive: (label: string) => boolean
}

/** Throws PLAN_FAILED with a message for the client. */
export function planOperation(supergraph: Supergraph, request: PlanRequest): Plan {
  const operation = selectOperation(request)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of request.document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const collecting: Collecting = { supergraph, fragments, variables: request.variables }
  for (const splitTypes of [false, true]) {
    const planning: Planning = {
      supergraph,
      isLabelActive: request.isLabelActive,
      fragments,
      splitTypes,
      lookUp,
      sites: [],
      requests: [],
      journal: [],
      inProgress: new Set(),
      lookahead: new Map(),
      count: 0,
      stage: 0,
    }
    try {
      const response = planRoot(planning, collecting, operation)
      const plan = writePlan(planning, operation, response)
      return isRefused(response) ? refusedPlan(plan) : plan
    } catch (error) {
      if (error !== DEAD_END) throw error
    }
  }
  throw new MeshgateError(
    'PLAN_FAILED',
    'No way was found to ask the subgraphs for this operation. Ask for fewer fields at once to find the one that cannot be reached.',
  )
}

/**
 * Where nothing at the root may be asked, or a field whose null takes all of the data with it: nothing runs then, no mutation least of all, of
 * which whoever asks could not be told.
 */
function isRefused({ fields }: PlannedObject): boolean {
  const denied = fields.filter((field) => field.kind === 'denied')
  return denied.length > 0 && (denied.length === fields.length || denied.some(({ type }) => type.endsWith('!')))
}

function refusedPlan({ operation, denied = [] }: Plan): Plan {
  const root = { parent: null, parentTypes: null, sources: [], typename: { constant: '' } }
  const response = { position: 0, fields: [] }
  return { operation, fetches: [], positions: [root], response, passthrough: false, denied, isRefused: true }
}

function planRoot(planning: Planning, collecting: Collecting, operation: OperationDefinitionNode): PlannedObject {
  const { queryType, mutationType, subscriptionType } = planning.supergraph
  const types = { query: queryType, mutation: mutationType, subscription: subscriptionType }
  const type = types[operation.operation]
  invariant(type, `a valid ${operation.operation} has a root type`)
  const site = createRootSite(planning, type)
  const sets = [operation.selectionSet]
  return operation.operation === 'query'
    ? planObject(planning, collecting, site, sets)
    : planSerialRoot(planning, collecting, site, operation)
}

function selectOperation({ document, operationName }: PlanRequest): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const operation =
    operationName === undefined ? operations[0] : operations.find(({ name }) => name?.value === operationName)
  invariant(operation, 'a validated document has the operation')
  return operation
}
