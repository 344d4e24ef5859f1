// Tells an observer of every request that the engine prepares and answers, from the moment it came to the answer.
import type { Clock } from '../platform/ports/clock.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from './engine-contract.ts'
import { errorCodes, type AnsweredRequest, type GatewayObserver, type ObservedOperation } from './gateway-observer.ts'

type Observed = Pick<Engine, 'prepare' | 'run' | 'runSerialized' | 'runSubscription'>

interface Started {
  readonly sinceMs: number
  readonly watched: ObservedOperation | undefined
}

export function observeEngine(
  engine: Observed,
  { observer, clock }: { readonly observer: GatewayObserver | undefined; readonly clock: Clock },
): Observed {
  if (observer?.request === undefined && observer?.operation === undefined) return engine
  const started = new WeakMap<ReadyOperation, Started>()
  const startedOf = (operation: ReadyOperation): Started =>
    started.get(operation) ?? { sinceMs: clock.monotonic(), watched: undefined }
  const answered = (kind: AnsweredRequest['kind'], { sinceMs, watched }: Started, result: Answered): void => {
    const codes = errorCodes(result ?? {})
    observer.request?.({ kind, durationMs: clock.monotonic() - sinceMs, codes })
    watched?.ended(kind === 'refused' ? 'refused' : codes.length === 0 ? 'ok' : 'partial', codes)
  }
  const run = async <Result extends Answered>(
    operation: ReadyOperation,
    request: EngineRequest,
    work: (request: EngineRequest) => Promise<Result>,
  ): Promise<Result> => {
    const since = startedOf(operation)
    try {
      const result = await work(withWatch(request, since.watched))
      answered(operation.kind, since, result)
      return result
    } catch (error) {
      since.watched?.ended('left', [])
      throw error
    }
  }
  return {
    prepare: async (request) => {
      const since = { sinceMs: clock.monotonic(), watched: observer.operation?.(request) }
      const operation = await engine.prepare(withWatch(request, since.watched))
      if (isReady(operation)) {
        started.set(operation, since)
        since.watched?.prepared(operation)
      } else answered('refused', since, operation)
      return operation
    },
    run: (operation, request) => run(operation, request, (asked) => engine.run(operation, asked)),
    runSerialized: (operation, request) => run(operation, request, (asked) => engine.runSerialized(operation, asked)),
    runSubscription: async (operation, request) => {
      const since = startedOf(operation)
      const result = await engine.runSubscription(operation, withWatch(request, since.watched))
      const isStream = Symbol.asyncIterator in result
      answered('subscription', since, isStream ? null : result)
      return isStream && since.watched !== undefined ? since.watched.streams(result) : result
    },
  }
}

type Answered = Pick<EngineResult, 'errors'> | null

function withWatch(request: EngineRequest, watch: ObservedOperation | undefined): EngineRequest {
  return watch === undefined ? request : { ...request, watch }
}
