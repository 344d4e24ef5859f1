// Runs a subscription operation: source events to GraphQL responses, in order, each with `extensions.meshgate` (key and cursor).
// A failure on the way is told as a last response with the error's code and the cursor to go on from.
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import type {
  SubgraphRequest,
  SubgraphResponse,
  SubscriptionExtension,
} from '../../platform/ports/subgraph-endpoint.ts'
import { argumentError } from './argument-error.ts'
import type { ChangeProgress } from './change-progress.ts'
import type { ErrorFormatter } from './format-error.ts'
import { createRequestContext, type Beginning, type RequestContext } from './request-context.ts'
import type { ServedProduct } from './served-product.ts'
import type { ChangeEvent, ChangeEvents } from './subscribe-to-changes.ts'

export interface SubscriptionRunner {
  readonly served: ServedProduct
  readonly schema: GraphQLSchema
  readonly formatError: ErrorFormatter
}

/** Errors: the request was refused, nothing has begun. */
export type SubscriptionStart =
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLFormattedError[] }
  | {
      readonly kind: 'started'
      readonly responses: AsyncIterableIterator<SubgraphResponse>
      fail(failure: MeshgateError): void
    }

type RequestExtension = Partial<Record<keyof SubscriptionExtension, unknown>>

const extensionOf = (request: SubgraphRequest): RequestExtension =>
  (request.extensions?.['meshgate'] as RequestExtension | null | undefined) ?? {}

function beginningOf(request: SubgraphRequest): Beginning {
  const { cursor = null, snapshot = false } = extensionOf(request)
  if (cursor !== null && typeof cursor !== 'string')
    throw argumentError('extensions.meshgate.cursor must be the text that an event brought')
  if (snapshot !== null && typeof snapshot !== 'boolean')
    throw argumentError('extensions.meshgate.snapshot must be true or false')
  return { cursor, snapshot: snapshot === true }
}

/** What the answers shall tell beside the events. */
interface Telling {
  /** The first answer is where the stream begins. */
  readonly start: boolean
  /** Where every answer stands in the changes topic, and when a resumed stream has caught up. */
  readonly positions: boolean
}

function tellingOf(request: SubgraphRequest): Telling {
  const { started, positions } = extensionOf(request)
  return { start: started === true, positions: positions === true }
}

function parsed(schema: GraphQLSchema, request: SubgraphRequest): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode
  try {
    document = parse(request.query)
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError(String(error))]
  }
  const problems = validate(schema, document)
  if (problems.length > 0) return problems
  if (getOperationAST(document, request.operationName)?.operation === 'subscription') return document
  return [new GraphQLError('The operation is no subscription, or "operationName" names none of the document')]
}

const isDocument = (value: DocumentNode | readonly GraphQLError[]): value is DocumentNode => 'kind' in value

export async function startSubscription(
  runner: SubscriptionRunner,
  request: SubgraphRequest,
): Promise<SubscriptionStart> {
  const { served, schema, formatError } = runner
  const format = (errors: readonly GraphQLError[]): readonly GraphQLFormattedError[] =>
    errors.map((error) => formatError(error.toJSON(), error))
  const document = parsed(schema, request)
  if (!isDocument(document)) return { kind: 'refused', errors: format(document) }
  let context: RequestContext
  try {
    context = { ...createRequestContext(served.store, request.principal), beginning: beginningOf(request) }
  } catch (error) {
    return { kind: 'refused', errors: format([asGraphQLError(error)]) }
  }
  const args: ExecutionArgs = {
    schema,
    document,
    contextValue: context,
    variableValues: request.variables ?? {},
    ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
  }
  const source = await createSourceEventStream(args)
  if (!(Symbol.asyncIterator in source)) return { kind: 'refused', errors: format(source.errors ?? []) }
  // The only resolvers of subscription fields are ours (build-resolvers).
  const events = source as ChangeEvents
  return {
    kind: 'started',
    responses: responsesOf(runner, events, { args, telling: tellingOf(request) }),
    fail: (failure) => events.stream.fail(failure),
  }
}

const asGraphQLError = (error: unknown): GraphQLError =>
  error instanceof Error ? new GraphQLError(error.message, { originalError: error }) : new GraphQLError(String(error))

async function responseOf(
  runner: SubscriptionRunner,
  events: ChangeEvents,
  { event, args, telling }: { readonly event: ChangeEvent; readonly args: ExecutionArgs; readonly telling: Telling },
): Promise<SubgraphResponse> {
  const { row, reads } = event
  const subscribing = args.contextValue as RequestContext
  const contextValue: RequestContext = {
    principal: subscribing.principal,
    beginning: subscribing.beginning,
    reads,
    event: row === null ? null : { row, current: () => event.current() },
  }
  const result = await execute({ ...args, rootValue: event, contextValue })
  // An event that a closing subgraph could not read whole is not told: it comes again.
  if (result.errors !== undefined && events.stream.lost !== null) throw events.stream.lost
  const meshgate: SubscriptionExtension = {
    key: event.key,
    ...placeOf(events, event.progress, telling),
    ...(event.at === null ? { snapshot: true } : {}),
    ...(event.at !== null && telling.positions ? { at: event.at } : {}),
  }
  return {
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors === undefined
      ? {}
      : { errors: result.errors.map((error) => runner.formatError(error.toJSON(), error)) }),
    extensions: { meshgate },
  }
}

function failureResponse(runner: SubscriptionRunner, events: ChangeEvents, error: unknown): SubgraphResponse {
  // An error without a path would count as the request's, and be shown as it is.
  const failure =
    error instanceof MeshgateError ? error : new MeshgateError('INTERNAL', 'An event could not be told', error)
  const located = asGraphQLError(failure)
  const formatted = runner.formatError(located.toJSON(), located)
  const cursor = events.cursorAt(events.stream.told)
  const meshgate: SubscriptionExtension = { cursor }
  return { errors: [{ ...formatted, extensions: { ...formatted.extensions, cursor } }], extensions: { meshgate } }
}

type StreamMarkSaid = { readonly [Name in 'started' | 'caughtUp' | 'snapshotComplete']?: true }

/** An answer that tells of the stream itself. */
function markOf(
  events: ChangeEvents,
  mark: { readonly progress: ChangeProgress; readonly telling: Telling } & StreamMarkSaid,
): SubgraphResponse {
  const { progress, telling, ...said } = mark
  const meshgate: SubscriptionExtension = { ...placeOf(events, progress, telling), ...said }
  return { data: null, extensions: { meshgate } }
}

function placeOf(
  events: ChangeEvents,
  progress: ChangeProgress,
  { positions }: Telling,
): Pick<SubscriptionExtension, 'cursor' | 'positions'> {
  return { cursor: events.cursorAt(progress), ...(positions ? { positions: progress.positions } : {}) }
}

// Not an async generator: its return() would wait behind a next() that waits for an event.
function responsesOf(
  runner: SubscriptionRunner,
  events: ChangeEvents,
  { args, telling }: { readonly args: ExecutionArgs; readonly telling: Telling },
): AsyncIterableIterator<SubgraphResponse> {
  let ended = false
  let startUntold = telling.start
  const done = { value: undefined, done: true } as const
  const end = async (): Promise<typeof done> => {
    ended = true
    await events.stream.close()
    return done
  }
  return {
    async next() {
      if (ended) return done
      if (startUntold) {
        startUntold = false
        return { value: markOf(events, { progress: events.stream.told, telling, started: true }), done: false }
      }
      try {
        for (;;) {
          const { value: event, done: over } = await events.next()
          if (over === true || ended) return await end()
          if (!('kind' in event)) {
            return { value: await responseOf(runner, events, { event, args, telling }), done: false }
          }
          const { kind, progress } = event
          if (kind === 'caughtUp' && !telling.positions) continue
          return { value: markOf(events, { progress, telling, [kind]: true }), done: false }
        }
      } catch (error) {
        if (ended) return done
        await end()
        return { value: failureResponse(runner, events, events.stream.lost ?? error), done: false }
      }
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
