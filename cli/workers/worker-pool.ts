// The workers of one gateway, started again when they end unasked. Owns their processes. This process serves nothing itself: it holds the port
// and hands connections out.
import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { createMetrics, metricsTogether, type MetricsSnapshot } from '../../platform/telemetry/metrics.ts'
import { restartDelayMs } from './restart-delay.ts'
import type { WorkerOrder, WorkerReport } from './worker-messages.ts'

export interface WorkerPoolOptions {
  readonly workers: number
  readonly supergraphSdl: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Resolves with the port once it serves, or with the code that it has ended with. */
type Started = { readonly port: number } | { readonly exitCode: number }

export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #stop = new AbortController()
  readonly #processes = new Set<Worker>()
  /** Those that answer for their metrics, by their number. */
  readonly #serving = new Map<number, Worker>()
  readonly #slots: Promise<void>[] = []
  readonly #endings = new Set<Promise<string>>()
  readonly #metrics = createMetrics({ ofProcess: false })
  #questions = 0

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#metrics.read('gatewayWorkers', () => [[this.#serving.size, {}]])
    this.#metrics.record('gatewayWorkerRestarts', 0)
  }

  /**
   * The first worker alone: what is wrong with a supergraph or a port is then told once, and what it has compiled is there for the others.
   * Resolves with the port when all serve, or with the first's exit code.
   */
  async start(): Promise<Started> {
    const first = await this.#keep(1)
    if ('exitCode' in first || this.#stop.signal.aborted) return first
    const others = Array.from({ length: this.#options.workers - 1 }, (_, index) => this.#keep(index + 2))
    await Promise.all(others)
    return first
  }

  /** Resolves when all have ended: requests in hand are finished. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('The gateway is stopping.'))
    for (const worker of this.#processes) worker.process.kill('SIGTERM')
    await Promise.all([...this.#slots, ...this.#endings])
  }

  /** Starts the worker of a number; once it has served it is started again whenever it ends. */
  async #keep(slot: number): Promise<Started> {
    const { started, ended } = this.#fork(slot)
    const state = await started
    if ('port' in state || slot > 1) this.#slots.push(this.#restart(slot, ended))
    else await ended
    return state
  }

  async #restart(slot: number, firstEnd: Promise<string>): Promise<void> {
    const { clock, logger } = this.#options
    const { signal } = this.#stop
    let delayMs = 0
    let ended = firstEnd
    for (;;) {
      const sinceMs = clock.monotonic()
      const why = await ended
      if (signal.aborted) return
      logger.error({ worker: slot }, `Worker ${slot} ended (${why}) and is started again.`)
      delayMs = restartDelayMs(delayMs, clock.monotonic() - sinceMs)
      this.#metrics.record('gatewayWorkerRestarts', 1)
      await clock.sleep(delayMs, signal).catch(() => undefined)
      if (signal.aborted) return
      ended = this.#fork(slot).ended
    }
  }

  #fork(slot: number): { readonly started: Promise<Started>; readonly ended: Promise<string> } {
    const worker = cluster.fork()
    this.#processes.add(worker)
    const started = Promise.withResolvers<Started>()
    const ended = Promise.withResolvers<string>()
    this.#endings.add(ended.promise)
    worker.on('message', (message: WorkerReport) => {
      if (message.kind === 'ready') {
        this.#serving.set(slot, worker)
        this.#options.logger.info({ worker: slot, process: worker.process.pid }, `Worker ${slot} serves.`)
        started.resolve({ port: message.port })
      } else if (message.kind === 'all-metrics') {
        void this.#together().then((text) => send(worker, { kind: 'all-metrics', question: message.question, text }))
      }
    })
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.#processes.delete(worker)
      this.#endings.delete(ended.promise)
      if (this.#serving.get(slot) === worker) this.#serving.delete(slot)
      started.resolve({ exitCode: code ?? 1 })
      ended.resolve(signal ?? `exit code ${code}`)
    })
    // It is gone before it was told: that it has ended is told by the exit.
    worker.on('error', () => undefined)
    send(worker, { kind: 'serve', worker: slot, supergraphSdl: this.#options.supergraphSdl })
    return { started: started.promise, ended: ended.promise }
  }

  /** Null where one that serves does not answer: sums without it would look like counters that were set back. */
  async #together(): Promise<string | null> {
    const asked = [...this.#serving.values()].map((worker) => this.#askMetrics(worker))
    try {
      const snapshots = await Promise.all([this.#metrics.snapshot(), ...asked])
      return await metricsTogether(snapshots)
    } catch {
      return null
    }
  }

  async #askMetrics(worker: Worker): Promise<MetricsSnapshot> {
    const question = ++this.#questions
    const { promise, resolve, reject } = Promise.withResolvers<MetricsSnapshot>()
    const onMessage = (message: WorkerReport): void => {
      if (message.kind === 'metrics' && message.question === question) resolve(message.snapshot)
    }
    // What it has counted is gone with it.
    const onExit = (): void => resolve([])
    worker.on('message', onMessage).once('exit', onExit)
    const timer = setTimeout(() => reject(new Error('late')), limits.workerMetricsMsMax)
    send(worker, { kind: 'tell-metrics', question })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      worker.off('message', onMessage).off('exit', onExit)
    }
  }
}

function send(worker: Worker, order: WorkerOrder): void {
  if (worker.isConnected()) worker.send(order)
}
