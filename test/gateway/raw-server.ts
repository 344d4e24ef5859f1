// A server that answers HTTP/1.1 requests with whatever bytes a test says, over real sockets.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface RawRequest {
  readonly socket: Socket
  /** Of all connections, from 1. */
  readonly count: number
  /** Of its connection, from 1. */
  readonly connection: number
  readonly head: string
  readonly body: string
}

export type RawAnswer = (request: RawRequest) => void

const HEAD_END = '\r\n\r\n'

export class RawServer {
  readonly port: number
  readonly requests: RawRequest[] = []
  /** Opened since the start. */
  connections = 0
  /** In place of reading requests. */
  onConnection: ((socket: Socket) => void) | null = null
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answer: RawAnswer

  private constructor(server: Server, answer: RawAnswer) {
    this.#server = server
    this.#answer = answer
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async open(answer: RawAnswer, port = 0): Promise<RawServer> {
    const server = createServer({ noDelay: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return new RawServer(server, answer)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/graphql`
  }

  /** Open now. */
  get open(): number {
    return this.#sockets.size
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.connections += 1
    const connection = this.connections
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    if (this.onConnection !== null) return this.onConnection(socket)
    let bytes = Buffer.alloc(0)
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece])
      for (;;) {
        const end = bytes.indexOf(HEAD_END)
        if (end < 0) return
        const head = bytes.toString('latin1', 0, end)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
        const from = end + HEAD_END.length
        if (bytes.length < from + length) return
        const body = bytes.toString('utf8', from, from + length)
        bytes = bytes.subarray(from + length)
        const request = { socket, connection, head, body, count: this.requests.length + 1 }
        this.requests.push(request)
        this.#answer(request)
      }
    })
  }
}

/** An answer as a well-behaved server writes it. */
export function http(body: string, fields: readonly string[] = [], status = '200 OK'): string {
  const all = ['content-type: application/json', ...fields, `content-length: ${Buffer.byteLength(body)}`]
  return `HTTP/1.1 ${status}\r\n${all.join('\r\n')}${HEAD_END}${body}`
}
