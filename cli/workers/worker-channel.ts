// A worker's line to the process that has started it: what to serve, now and later, that it serves, and the metrics of all.
import cluster from 'node:cluster'
import { MeshgateError } from '../../platform/errors.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { WorkerOrder, WorkerReport } from './worker-messages.ts'

export interface WorkerChannel {
  /** Of this worker, from 1 on; one that is started again has the number of the one before. */
  readonly worker: number
  readonly supergraphSdl: string
  /** Why what is at the source of the supergraph is not in service; null where it is. */
  stale(): string | null
  /** It listens. From then on it answers for its own metrics, and `replace` is called with every new supergraph. */
  ready(port: number, own: Metrics, replace: (supergraphSdl: string) => Promise<void>): void
  /** Metrics of all workers together. */
  allMetrics(): Promise<string>
}

/** Null where this process is no worker. Resolves when it has been told what to serve. */
export async function openWorkerChannel(): Promise<WorkerChannel | null> {
  if (!cluster.isWorker) return null
  // What was to be told to a process that has just died: its end is told by `disconnect`, which stops this one.
  cluster.worker?.on('error', () => undefined)
  const { promise: told, resolve } = Promise.withResolvers<Extract<WorkerOrder, { kind: 'serve' }>>()
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let questions = 0
  let metrics: Metrics | null = null
  let stale: string | null = null
  const ready = Promise.withResolvers<(supergraphSdl: string) => Promise<void>>()
  process.on('message', (order: WorkerOrder) => {
    switch (order.kind) {
      case 'serve':
        stale = order.stale
        return resolve(order)
      case 'stale':
        stale = order.stale
        return
      case 'replace':
        return void replace(ready.promise, order)
      case 'tell-alive':
        return report({ kind: 'alive', question: order.question })
      case 'tell-metrics':
        return void metrics
          ?.snapshot()
          .then((snapshot) => report({ kind: 'metrics', question: order.question, snapshot }))
      case 'all-metrics':
        return settle(waiting, order)
    }
  })
  // Until it serves nothing else keeps this process alive.
  process.channel?.ref()
  // What is sent to a worker before it listens is lost: node's own listener takes it.
  report({ kind: 'present' })
  const { worker, supergraphSdl } = await told
  process.channel?.unref()
  return {
    worker,
    supergraphSdl,
    stale: () => stale,
    ready: (port, own, replaceBy) => {
      metrics = own
      ready.resolve(replaceBy)
      report({ kind: 'ready', port })
    },
    allMetrics: () => {
      const question = ++questions
      const asked = Promise.withResolvers<string>()
      waiting.set(question, asked)
      report({ kind: 'all-metrics', question })
      return asked.promise
    },
  }
}

/** Never rejects. */
async function replace(
  ready: Promise<(supergraphSdl: string) => Promise<void>>,
  { question, supergraphSdl }: Extract<WorkerOrder, { kind: 'replace' }>,
): Promise<void> {
  const replaceBy = await ready
  const problem = await replaceBy(supergraphSdl).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  report({ kind: 'replaced', question, problem })
}

function settle(
  waiting: Map<number, PromiseWithResolvers<string>>,
  { question, text }: Extract<WorkerOrder, { kind: 'all-metrics' }>,
): void {
  const asked = waiting.get(question)
  waiting.delete(question)
  if (text !== null) asked?.resolve(text)
  else asked?.reject(new MeshgateError('ROLE_NOT_READY', 'A worker has not told its metrics in time.'))
}

function report(message: WorkerReport): void {
  // The process that listens may be gone: this one is about to end, too.
  if (process.connected) process.send?.(message)
}
