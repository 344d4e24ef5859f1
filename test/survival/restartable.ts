// A `meshgate` process that is ended and started again with the same arguments, so that who knew its address finds it there.
import type { MeshgateProcess, Processes } from '../cli/meshgate-process.ts'

export interface RestartableOptions {
  readonly processes: Processes
  readonly args: readonly string[]
  /** What it prints when it serves. */
  readonly serves: RegExp
}

export class Restartable {
  readonly #options: RestartableOptions
  #process: MeshgateProcess | null = null

  constructor(options: RestartableOptions) {
    this.#options = options
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { processes, args, serves } = this.#options
    this.#process = processes.start(args)
    await this.#process.printed(serves)
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const process = this.#process
    this.#process = null
    process?.child.kill(signal)
    await process?.finished
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.end(signal)
    await this.start()
  }

  hangUp(): void {
    this.#process?.child.kill('SIGHUP')
  }
}
