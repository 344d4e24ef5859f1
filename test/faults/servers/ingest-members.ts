// The processes that ingest a run's products: as many as it takes, each killed, stopped or ended as its faults say.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { IngestMessage, IngestPlan } from './ingest-child.ts'

const CHILD = fileURLToPath(new URL('./ingest-child.ts', import.meta.url))
/** Against hanging: longer than anything a process that ends waits for. */
const END_MS_MAX = 60_000

interface Member {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly started: Promise<unknown>
}

export class IngestMembers {
  /** What they said that failed, with repetitions. */
  readonly failures: string[] = []
  /** Processes that were started. */
  count = 0
  readonly #plan: IngestPlan
  readonly #members: Member[] = []

  constructor(plan: IngestPlan) {
    this.#plan = plan
  }

  get size(): number {
    return this.#members.length
  }

  /** Resolves when the process has been made; `allStarted` waits until it ingests. */
  add(): void {
    this.count += 1
    const child = fork(CHILD, [JSON.stringify(this.#plan)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const { promise: started, resolve } = Promise.withResolvers<void>()
    child.on('message', (message: IngestMessage) => {
      if ('started' in message) resolve()
      else this.failures.push(message.failure)
    })
    const member = { child, ended: once(child, 'exit'), started }
    this.#members.push(member)
    void member.ended.then(() => {
      resolve()
      const at = this.#members.indexOf(member)
      if (at === -1) return
      this.#members.splice(at, 1)
      this.failures.push(`a process ended by itself with ${String(child.exitCode)}`)
    })
  }

  async allStarted(): Promise<void> {
    await Promise.all(this.#members.map(({ started }) => started))
  }

  /** The first one, or that at an index below `size`. */
  async end(signal: 'SIGKILL' | 'SIGTERM', at = 0): Promise<void> {
    const [member] = this.#members.splice(at, 1)
    if (member === undefined) return
    member.child.kill('SIGCONT')
    member.child.kill(signal)
    const impatient = setTimeout(() => {
      this.failures.push(`a process did not end within ${String(END_MS_MAX)} ms`)
      member.child.kill('SIGKILL')
    }, END_MS_MAX)
    await member.ended
    clearTimeout(impatient)
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT', at = 0): void {
    this.#members[at]?.child.kill(signal)
  }

  async endAll(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all(Array.from({ length: this.#members.length }, () => this.end(signal)))
  }
}
