// A worker's line to the process that has started it: what to serve, that it serves, and the metrics of all.
import cluster from 'node:cluster'
import { MeshgateError } from '../../platform/errors.ts'
import type { Metrics } from '../../platform/telemetry/metrics.ts'
import type { WorkerOrder, WorkerReport } from './worker-messages.ts'

export interface WorkerChannel {
  /** Of this worker, from 1 on; one that is started again has the number of the one before. */
  readonly worker: number
  readonly supergraphSdl: string
  /** It listens. From then on it answers for its own metrics. */
  ready(port: number, own: Metrics): void
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
  process.on('message', (order: WorkerOrder) => {
    switch (order.kind) {
      case 'serve':
        return resolve(order)
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
  const { worker, supergraphSdl } = await told
  process.channel?.unref()
  return {
    worker,
    supergraphSdl,
    ready: (port, own) => {
      metrics = own
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
