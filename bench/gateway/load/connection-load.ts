// A group of connections that ask a gateway in a closed loop: each sends its next request when the one before is answered, or at its pace.
import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageReader, type Message } from '../wire/message-reader.ts'
import { AnswerCheck } from './answer-check.ts'
import { LatencyHistogram } from './latency-histogram.ts'

export interface LoadedOperation {
  /** Body of the POST. */
  readonly body: string
  /** The right answer's body; null: any answer will do. */
  readonly expected: string | null
}

export interface LoadGroup {
  readonly name: string
  readonly connections: number
  /** In rotation over all connections of the group. */
  readonly operations: readonly LoadedOperation[]
  /** A token of its own with every request. */
  readonly authorization: boolean
  /** One request per connection in this time; 0: as soon as the one before is answered. Late ones count from when they were due. */
  readonly paceMs: number
}

export interface GroupFigures {
  /** In the window. */
  readonly completed: number
  readonly wrong: number
  /** Connections lost, statuses but 200. */
  readonly failed: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Operations that were answered at least once. */
  readonly operations: number
  /** Beginning of the first wrong or failed answer. */
  readonly sample: string | null
}

interface Asked {
  readonly head: string
  readonly body: string
  readonly request: Buffer
  readonly check: AnswerCheck | null
}

const SAMPLE_CHARACTERS = 400
const RECONNECT_MS = 20

export class ConnectionLoad {
  readonly #group: LoadGroup
  readonly #port: number
  readonly #operations: readonly Asked[]
  #next = 0
  #token = 0
  #isOver = false
  #histogram = new LatencyHistogram()
  #counts = { completed: 0, wrong: 0, failed: 0, maxMs: 0 }
  #answered = new Set<Asked>()
  #total = 0
  /** Since when each request that is under way is due. */
  readonly #underWay = new Map<Socket, number>()
  #sample: string | null = null

  constructor(group: LoadGroup, target: { readonly port: number; readonly path: string }) {
    this.#group = group
    this.#port = target.port
    this.#operations = group.operations.map(({ body, expected }) => {
      const head = `POST ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\naccept: application/json\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
      return {
        head,
        body,
        request: Buffer.from(`${head}\r\n${body}`),
        check: expected === null ? null : new AnswerCheck(expected),
      }
    })
  }

  /** Resolves when the load was stopped and every connection has its last answer. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#group.connections }, (_, index) => this.#keepAsking(index)))
  }

  get name(): string {
    return this.#group.name
  }

  /** Answers ever got. */
  get total(): number {
    return this.#total
  }

  stop(): void {
    this.#isOver = true
  }

  /** Since the last time. */
  takeFigures(): GroupFigures {
    const histogram = this.#histogram
    // At a pace hardly one is under way: those that are have already waited too long, and leaving them out would flatter who never answers.
    if (this.#group.paceMs > 0) {
      for (const dueAt of this.#underWay.values()) this.#recordLatency(performance.now() - dueAt)
    }
    const figures = {
      ...this.#counts,
      p50Ms: histogram.quantile(0.5),
      p95Ms: histogram.quantile(0.95),
      p99Ms: histogram.quantile(0.99),
      operations: this.#answered.size,
      sample: this.#sample,
    }
    this.#histogram = new LatencyHistogram()
    this.#counts = { completed: 0, wrong: 0, failed: 0, maxMs: 0 }
    this.#answered = new Set()
    return figures
  }

  async #keepAsking(index: number): Promise<void> {
    while (!this.#isOver) {
      await this.#askOnOneConnection(index)
      if (!this.#isOver) await sleep(RECONNECT_MS)
    }
  }

  #askOnOneConnection(index: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = createConnection({ port: this.#port, host: '127.0.0.1', noDelay: true })
      const { paceMs, connections } = this.#group
      let asked: Asked | undefined
      let dueAt = performance.now() + (paceMs * index) / connections
      const reader = new MessageReader((message) => {
        if (asked !== undefined) this.#record(asked, message, performance.now() - dueAt)
        asked = undefined
        this.#underWay.delete(socket)
        if (this.#isOver) return void socket.end()
        dueAt = paceMs === 0 ? performance.now() : dueAt + paceMs
        sendWhenDue()
      })
      const send = (): void => {
        if (this.#isOver) return void socket.end()
        asked = this.#send(socket)
        this.#underWay.set(socket, dueAt)
      }
      const sendWhenDue = (): void => {
        const waitMs = dueAt - performance.now()
        if (paceMs === 0 || waitMs <= 0) send()
        else setTimeout(send, waitMs)
      }
      socket.once('connect', () => sendWhenDue())
      socket.on('data', (data: Buffer) => reader.push(data))
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        if (asked !== undefined) this.#fail('The connection was lost before the answer came.')
        this.#underWay.delete(socket)
        resolve()
      })
    })
  }

  #send(socket: Socket): Asked | undefined {
    const operation = this.#operations[this.#next]
    this.#next = (this.#next + 1) % this.#operations.length
    if (operation === undefined) return undefined
    if (!this.#group.authorization) socket.write(operation.request)
    else {
      this.#token += 1
      socket.write(`${operation.head}authorization: Bearer bench-${this.#token}\r\n\r\n${operation.body}`)
    }
    return operation
  }

  #record(asked: Asked, { head, body }: Message, latencyMs: number): void {
    this.#recordLatency(latencyMs)
    this.#counts.completed += 1
    this.#total += 1
    this.#answered.add(asked)
    if (asked.check === null) return
    if (!head.startsWith('HTTP/1.1 200'))
      this.#fail(`${head.slice(0, 40)} ${body.subarray(0, SAMPLE_CHARACTERS).toString()}`)
    else if (!asked.check.isRight(body)) {
      this.#counts.wrong += 1
      this.#sample ??= body.subarray(0, SAMPLE_CHARACTERS).toString()
    }
  }

  #recordLatency(latencyMs: number): void {
    this.#histogram.record(latencyMs)
    this.#counts.maxMs = Math.max(this.#counts.maxMs, latencyMs)
  }

  #fail(sample: string): void {
    this.#counts.failed += 1
    this.#sample ??= sample
  }
}
