// The suite's side of the process that is killed: it appends and subscribes there, and knows when it has died.
import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MeshgateError } from '../../../platform/errors.ts'
import type { AppendRecord, Position } from '../../../platform/ports/event-log.ts'
import type { SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import type { FaultProduct } from '../fault-products.ts'
import type { Subscribable } from '../observer.ts'
import type { FromChild, OpenMessage, ToChild } from './child-messages.ts'

const SCRIPT = fileURLToPath(new URL('mesh-process.ts', import.meta.url))

/** Keeps one process loaded ahead: loading takes longer than the life that it will lead. */
export class ChildPool {
  #spare: ChildMesh | null = null

  take(): ChildMesh {
    const child = this.#spare ?? new ChildMesh()
    this.#spare = new ChildMesh()
    return child
  }

  async close(): Promise<void> {
    await this.#spare?.kill()
    this.#spare = null
  }
}

interface Stream {
  readonly responses: SubgraphResponse[]
  wake: () => void
  over: boolean
}

export class ChildMesh {
  /** Resolves when the process has ended. */
  readonly died: Promise<void>
  readonly #child: ChildProcess
  readonly #opened = Promise.withResolvers<void>()
  readonly #appends = new Map<number, PromiseWithResolvers<readonly Position[]>>()
  readonly #streams = new Map<number, Stream>()
  #dead = false
  #id = 0

  constructor() {
    // Compiled code is kept between processes: most of a start is compiling.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'meshgate-faults-compiled') }
    this.#child = fork(SCRIPT, {
      serialization: 'advanced',
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message) => this.#take(message as FromChild))
    this.died = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#end()
        resolve()
      })
    })
    // A process that dies before it is opened rejects nobody who waits.
    this.#opened.promise.catch(() => undefined)
  }

  /** Whether the mesh there is open; false: the process died first. */
  async open(options: Omit<OpenMessage, 'kind'>): Promise<boolean> {
    this.#send({ kind: 'open', ...options })
    return this.#opened.promise.then(
      () => true,
      () => false,
    )
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]> {
    if (this.#dead) throw deathOf()
    const id = ++this.#id
    const answer = Promise.withResolvers<readonly Position[]>()
    this.#appends.set(id, answer)
    this.#send({ kind: 'append', id, topic, records })
    return answer.promise
  }

  endpoint(product: FaultProduct): Subscribable {
    return {
      subscribe: async ({ query, extensions, principal }) => {
        if (this.#dead) throw deathOf()
        const id = ++this.#id
        const stream: Stream = { responses: [], wake: () => undefined, over: false }
        this.#streams.set(id, stream)
        const request = { query, principal, ...(extensions === undefined ? {} : { extensions }) }
        this.#send({ kind: 'subscribe', id, product: product.name, request })
        return this.#responses(id, stream)
      },
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.died
  }

  #responses(id: number, stream: Stream): AsyncIterableIterator<SubgraphResponse> {
    const responses: AsyncIterableIterator<SubgraphResponse> = {
      next: async () => {
        for (;;) {
          const value = stream.responses.shift()
          if (value !== undefined) return { value, done: false }
          if (stream.over) return { value: undefined, done: true }
          await new Promise<void>((resolve) => (stream.wake = resolve))
        }
      },
      return: async () => {
        stream.over = true
        stream.responses.length = 0
        stream.wake()
        this.#send({ kind: 'unsubscribe', id })
        return { value: undefined, done: true }
      },
      [Symbol.asyncIterator]: () => responses,
    }
    return responses
  }

  #send(message: ToChild): void {
    // A process that dies meanwhile is noticed by its exit.
    if (!this.#dead && this.#child.connected) this.#child.send(message, () => undefined)
  }

  #take(message: FromChild): void {
    if (message.kind === 'opened') return this.#opened.resolve()
    const { id } = message
    const stream = this.#streams.get(id)
    switch (message.kind) {
      case 'appended':
        this.#appends.get(id)?.resolve(message.positions)
        this.#appends.delete(id)
        return
      case 'failed':
        this.#appends.get(id)?.reject(new MeshgateError('LOG_UNAVAILABLE', message.message))
        this.#appends.delete(id)
        break
      case 'event':
        if (stream?.over === false) stream.responses.push(message.response)
        return stream?.wake()
      case 'ended':
        break
    }
    if (stream === undefined) return
    stream.over = true
    stream.wake()
  }

  #end(): void {
    this.#dead = true
    this.#opened.reject(deathOf())
    for (const append of this.#appends.values()) append.reject(deathOf())
    for (const stream of this.#streams.values()) {
      stream.over = true
      stream.wake()
    }
  }
}

function deathOf(): MeshgateError {
  return new MeshgateError('LOG_UNAVAILABLE', 'The process has been killed. Try again with the next.')
}
