// Tells an observer of every request that the engine prepares and answers, from the moment it came to the answer.
import type { Clock } from '../platform/ports/clock.ts'
import { isReady, type Engine, type EngineResult, type ReadyOperation } from './engine-contract.ts'
import { errorCodes, type AnsweredRequest, type GatewayObserver } from './gateway-observer.ts'

type Observed = Pick<Engine, 'prepare' | 'run' | 'runSerialized' | 'runSubscription'>

export function observeEngine(
  engine: Observed,
  { observer, clock }: { readonly observer: GatewayObserver | undefined; readonly clock: Clock },
): Observed {
  const tell = observer?.request?.bind(observer)
  if (tell === undefined) return engine
  const startedMs = new WeakMap<ReadyOperation, number>()
  const answered = (kind: AnsweredRequest['kind'], sinceMs: number, result: Answered): void => {
    tell({ kind, durationMs: clock.monotonic() - sinceMs, codes: errorCodes(result ?? {}) })
  }
  return {
    prepare: async (request) => {
      const sinceMs = clock.monotonic()
      const operation = await engine.prepare(request)
      if (isReady(operation)) startedMs.set(operation, sinceMs)
      else answered('refused', sinceMs, operation)
      return operation
    },
    run: async (operation, request) => {
      const result = await engine.run(operation, request)
      answered(operation.kind, startedMs.get(operation) ?? clock.monotonic(), result)
      return result
    },
    runSerialized: async (operation, request) => {
      const result = await engine.runSerialized(operation, request)
      answered(operation.kind, startedMs.get(operation) ?? clock.monotonic(), result)
      return result
    },
    runSubscription: async (operation, request) => {
      const result = await engine.runSubscription(operation, request)
      const isStream = Symbol.asyncIterator in result
      answered('subscription', startedMs.get(operation) ?? clock.monotonic(), isStream ? null : result)
      return result
    },
  }
}

type Answered = Pick<EngineResult, 'errors'> | null
