// Starts members in processes of their own (consumer-child.ts) and gathers what they say.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ChildMessage, ChildPlan } from './consumer-child.ts'

const CHILD = fileURLToPath(new URL('./consumer-child.ts', import.meta.url))

/** One batch, by the clock of this process: output of a member that was stopped counts when it arrives. */
export interface Handling {
  readonly partition: number
  readonly offsets: readonly number[]
  readonly done: boolean
  /** Whether the handler had been told to stop by then. */
  readonly aborted: boolean
}

export class ConsumerProcess {
  readonly handlings: Handling[] = []
  readonly errors: string[] = []
  joined = false
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(plan: ChildPlan) {
    this.#process = spawn(process.execPath, [CHILD, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#ended = once(this.#process, 'exit')
    void this.#listen()
  }

  /** Offsets of a partition whose handler has ended, in the order of their ends. */
  done(partition: number): readonly number[] {
    const ended = this.handlings.filter((handling) => handling.done && handling.partition === partition)
    return ended.flatMap(({ offsets }) => offsets)
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void {
    this.#process.kill(name)
  }

  /** Resolves with the exit code once it has ended. */
  async end(name: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<number | null> {
    this.#process.kill('SIGCONT')
    this.#process.kill(name)
    await this.#ended
    return this.#process.exitCode
  }

  async #listen(): Promise<void> {
    if (this.#process.stdout === null) return
    for await (const line of createInterface({ input: this.#process.stdout })) {
      const message = JSON.parse(line) as ChildMessage
      if ('joined' in message) this.joined = true
      else if ('error' in message) this.errors.push(message.error)
      else {
        const { partition, offsets, aborted, began } = message
        this.handlings.push({ partition, offsets, aborted, done: !began })
      }
    }
  }
}
