// Validates and plans large operations in a thread of its own, so that they hold up nobody but themselves. Owns the thread, started when it
// is first needed, and a short queue: one is worked on at a time, a few wait, more are refused.
import { Worker } from 'node:worker_threads'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { AnswerMessage, Job, JobMessage, JobResult } from './planning-messages.ts'

interface Waiting {
  readonly job: Job
  readonly resolve: (result: JobResult<Job>) => void
  readonly reject: (error: Error) => void
}

export class PlanningThread {
  readonly #supergraphSdl: string
  #worker: Worker | null = null
  #waiting: Waiting[] = []
  #underWay: (Waiting & { readonly id: number }) | null = null
  #lastId = 0
  #closed = false

  constructor(supergraphSdl: string) {
    this.#supergraphSdl = supergraphSdl
  }

  /** Rejects with PLAN_FAILED, with PLANNING_OVERLOADED where too many wait, and with the signal's reason while it waits. */
  async work<Kind extends Job>(job: Kind, signal: AbortSignal): Promise<JobResult<Kind>> {
    if (this.#closed) throw new MeshgateError('PLANNING_OVERLOADED', 'The gateway is stopping. Retry.')
    if (this.#waiting.length >= limits.plansWaitingMax) {
      const message = `More than ${limits.plansWaitingMax} large operations wait to be planned. Retry in a moment.`
      throw new MeshgateError('PLANNING_OVERLOADED', message)
    }
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { job, resolve: (result) => resolve(result as JobResult<Kind>), reject }
      this.#waiting.push(waiting)
      const leave = (): void => {
        const index = this.#waiting.indexOf(waiting)
        if (index === -1) return
        this.#waiting.splice(index, 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#next()
    })
  }

  /** What is under way or waits is refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
  }

  #next(): void {
    if (this.#underWay !== null) return
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#worker?.unref()
      return
    }
    const id = ++this.#lastId
    this.#underWay = { ...waiting, id }
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage({ id, job: waiting.job } satisfies JobMessage)
  }

  #start(): Worker {
    // Beside this file, as source and as emitted JavaScript.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const url = new URL(`./planning-worker.${extension}`, import.meta.url)
    const worker = new Worker(url, {
      workerData: this.#supergraphSdl,
      name: 'planning',
      resourceLimits: { maxOldGenerationSizeMb: limits.planningHeapMegabytesMax },
    })
    let cause: unknown
    worker.on('message', (answer: AnswerMessage) => this.#receive(answer))
    worker.on('error', (error) => (cause = error))
    worker.once('exit', () => {
      this.#worker = null
      this.#fail(cause)
    })
    return worker
  }

  #receive(answer: AnswerMessage): void {
    const job = this.#underWay
    if (job === null || job.id !== answer.id) return
    this.#underWay = null
    if ('result' in answer) job.resolve(answer.result)
    else job.reject(new MeshgateError(answer.failure.code, answer.failure.message))
    this.#next()
  }

  /** The thread has ended: by `close`, or by an operation that was too much for its stack or memory. */
  #fail(cause: unknown): void {
    const job = this.#underWay
    this.#underWay = null
    const error = this.#closed
      ? new MeshgateError('PLANNING_OVERLOADED', 'The gateway is stopping. Retry.')
      : new MeshgateError('PLAN_FAILED', 'Validating or planning this operation has failed.', cause)
    job?.reject(error)
    if (!this.#closed) return this.#next()
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting = []
  }
}
