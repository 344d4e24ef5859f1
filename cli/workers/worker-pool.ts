// The workers of one gateway, started again when they end unasked. Owns their processes. This process serves nothing itself: it holds the port
// and hands connections out.
import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { createMetrics, metricsTogether, type Metrics, type MetricsSnapshot } from '../../platform/telemetry/metrics.ts'
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
  /** Of the processes together: told with those of the workers. */
  readonly metrics: Metrics = createMetrics({ ofProcess: false })
  readonly #options: WorkerPoolOptions
  readonly #stop = new AbortController()
  readonly #processes = new Set<Worker>()
  /** Those that answer for their metrics, by their number. */
  readonly #serving = new Map<number, Worker>()
  /** Whether they live; no answer yet. */
  readonly #asked = new Set<Worker>()
  readonly #slots: Promise<void>[] = []
  readonly #endings = new Set<Promise<string>>()
  #questions = 0
  #supergraphSdl: string
  #stale: string | null = null
  #watching: NodeJS.Timeout | undefined

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#supergraphSdl = options.supergraphSdl
    this.metrics.read('gatewayWorkers', () => [[this.#serving.size, {}]])
    this.metrics.record('gatewayWorkerRestarts', 0)
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
    this.#watching = setInterval(() => this.#askAll(), limits.workerAliveIntervalMs)
    return first
  }

  /** Resolves when all have ended: requests in hand are finished. */
  async close(): Promise<void> {
    clearInterval(this.#watching)
    this.#stop.abort(new Error('The gateway is stopping.'))
    for (const worker of this.#processes) worker.process.kill('SIGTERM')
    await Promise.all([...this.#slots, ...this.#endings])
  }

  /** All serve it then. Rejects where it cannot be served: the first to be asked says so, and the others are not asked. */
  async replace(supergraphSdl: string): Promise<void> {
    const [first, ...others] = [...this.#serving.values()]
    if (first !== undefined) await this.#askReplace(first, supergraphSdl)
    this.#supergraphSdl = supergraphSdl
    const { logger } = this.#options
    await Promise.all(
      others.map((worker) =>
        this.#askReplace(worker, supergraphSdl).catch((error: unknown) => {
          // The first serves it: what keeps this one from it is its own. Started again, it has it.
          logger.error(
            { err: error, process: worker.process.pid },
            'A worker does not take the new supergraph and is started again.',
          )
          worker.process.kill('SIGKILL')
        }),
      ),
    )
  }

  /** What all say of it in their health. */
  tellStale(stale: string | null): void {
    this.#stale = stale
    for (const worker of this.#serving.values()) send(worker, { kind: 'stale', stale })
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
      this.metrics.record('gatewayWorkerRestarts', 1)
      await clock.sleep(delayMs, signal).catch(() => undefined)
      if (signal.aborted) return
      ended = this.#fork(slot).ended
    }
  }

  #fork(slot: number): { readonly started: Promise<Started>; readonly ended: Promise<string> } {
    const worker = cluster.fork()
    const supergraphSdl = this.#supergraphSdl
    this.#processes.add(worker)
    const started = Promise.withResolvers<Started>()
    const ended = Promise.withResolvers<string>()
    this.#endings.add(ended.promise)
    worker.on('message', (message: WorkerReport) => {
      if (message.kind === 'present') {
        send(worker, { kind: 'serve', worker: slot, supergraphSdl, stale: this.#stale })
      } else if (message.kind === 'ready') {
        this.#serving.set(slot, worker)
        this.#catchUp(worker, supergraphSdl)
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
    return { started: started.promise, ended: ended.promise }
  }

  /** Null where one that serves does not answer: sums without it would look like counters that were set back. */
  async #together(): Promise<string | null> {
    const asked = [...this.#serving.values()].map((worker) => this.#askMetrics(worker))
    try {
      const snapshots = await Promise.all([this.metrics.snapshot(), ...asked])
      return await metricsTogether(snapshots)
    } catch {
      return null
    }
  }

  /** What has changed while it started. */
  #catchUp(worker: Worker, supergraphSdl: string): void {
    send(worker, { kind: 'stale', stale: this.#stale })
    if (supergraphSdl === this.#supergraphSdl) return
    void this.#askReplace(worker, this.#supergraphSdl).catch(() => worker.process.kill('SIGKILL'))
  }

  async #askReplace(worker: Worker, supergraphSdl: string): Promise<void> {
    const replaced = await this.#ask(worker, limits.workerReplaceMsMax, (question) => ({
      order: { kind: 'replace', question, supergraphSdl },
      read: (report) => (report.kind === 'replaced' && report.question === question ? report : null),
    }))
    // One that has ended is started again with it.
    if (replaced !== null && replaced.problem !== null) throw new MeshgateError('COMPOSITION_FAILED', replaced.problem)
  }

  /**
   * A worker whose event loop is stuck keeps its connections, and nobody outside sees which one it is: health is answered by the others.
   */
  #askAll(): void {
    for (const [slot, worker] of this.#serving) {
      if (this.#asked.has(worker)) continue
      this.#asked.add(worker)
      const alive = this.#ask(worker, limits.workerStuckMsMax, (question) => ({
        order: { kind: 'tell-alive', question },
        read: (report) => (report.kind === 'alive' && report.question === question ? report : null),
      }))
      alive.then(
        () => this.#asked.delete(worker),
        () => {
          if (this.#stop.signal.aborted) return
          this.#options.logger.error(
            { worker: slot },
            `Worker ${slot} has not answered for ${limits.workerStuckMsMax} ms.`,
          )
          worker.process.kill('SIGKILL')
        },
      )
    }
  }

  /** None of one that has ended: what it has counted is gone with it. */
  async #askMetrics(worker: Worker): Promise<MetricsSnapshot> {
    const told = await this.#ask(worker, limits.workerMetricsMsMax, (question) => ({
      order: { kind: 'tell-metrics', question },
      read: (report) => (report.kind === 'metrics' && report.question === question ? report : null),
    }))
    return told?.snapshot ?? []
  }

  /** Null where the worker has ended. Rejects where it does not answer in time. */
  async #ask<Answer>(
    worker: Worker,
    waitMs: number,
    ask: (question: number) => { readonly order: WorkerOrder; readonly read: (report: WorkerReport) => Answer | null },
  ): Promise<Answer | null> {
    const { order, read } = ask(++this.#questions)
    const { promise, resolve, reject } = Promise.withResolvers<Answer | null>()
    const onMessage = (report: WorkerReport): void => {
      const answer = read(report)
      if (answer !== null) resolve(answer)
    }
    const onExit = (): void => resolve(null)
    worker.on('message', onMessage).once('exit', onExit)
    const timer = setTimeout(
      () => reject(new Error(`Worker ${worker.process.pid} did not answer in ${waitMs} ms.`)),
      waitMs,
    )
    send(worker, order)
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
