// A process of the bench's own, pinned to the cores that the gateway does not have, asked over its channel: one answer for each order.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { spawnSync } from 'node:child_process'

export class WorkerProcess<Order, Report> {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static start<Order, Report>(script: URL, cores: string): WorkerProcess<Order, Report> {
    const child = fork(script, { serialization: 'advanced', env: { ...process.env, NODE_ENV: 'production' } })
    spawnSync('taskset', ['-a', '-c', '-p', cores, String(child.pid)])
    return new WorkerProcess(child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it sends next. */
  async report(): Promise<Report> {
    const ended = new AbortController()
    const onExit = (): void => ended.abort(new Error('A process of the bench has ended.'))
    this.#child.once('exit', onExit)
    try {
      const [message] = (await once(this.#child, 'message', { signal: ended.signal })) as [Report]
      return message
    } finally {
      this.#child.off('exit', onExit)
    }
  }

  ask(order: Order): Promise<Report> {
    const report = this.report()
    this.#child.send(order as object)
    return report
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }
}
