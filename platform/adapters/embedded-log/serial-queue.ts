// Runs tasks one after another, in the order given.

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves once everything given so far has run. */
  async idle(): Promise<void> {
    await this.#last
  }
}
