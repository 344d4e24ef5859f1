// Between a driver and a Cassandra: answers of requests are taken out and told as errors in their place, after the server did what it was asked. So a
// test has a node that says "overloaded" or "timed out" of what it applied, which a real one seldom does on demand.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Error codes of the native protocol, with what stands behind the message. */
export const ANSWERS = {
  overloaded: { code: 0x1001, details: Buffer.alloc(0) },
  /** Consistency LOCAL_QUORUM, none of one answered, of kind SIMPLE. */
  writeTimeout: { code: 0x1100, details: Buffer.from([0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6, ...Buffer.from('SIMPLE')]) },
  /** Consistency LOCAL_QUORUM, none of one answered, no data. */
  readTimeout: { code: 0x1200, details: Buffer.from([0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0]) },
} as const

const HEADER_BYTES = 9
const STREAM_AT = 2
const OPCODE_AT = 4
const LENGTH_AT = 5
const ERROR = 0x00
const RESULT = 0x08
const EXECUTE = 0x0a
const BATCH = 0x0d

export class RefusingProxy {
  readonly address: string
  /** Requests whose answer was replaced. */
  replaced = 0
  readonly #server
  readonly #sockets = new Set<Socket>()
  #next: { readonly answer: keyof typeof ANSWERS; count: number } = { answer: 'overloaded', count: 0 }

  private constructor(server: ReturnType<typeof createServer>, target: string) {
    this.#server = server
    this.address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
    server.on('connection', (socket) => this.#join(socket, target))
  }

  static async start(target: string): Promise<RefusingProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RefusingProxy(server, target)
  }

  /** The answers of the next so many requests that are EXECUTE or BATCH. */
  replaceNext(count: number, answer: keyof typeof ANSWERS): void {
    this.#next = { answer, count }
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket, target: string): void {
    const [host, port] = target.split(':')
    const server = connect({ host: host ?? '', port: Number(port) })
    /** Streams whose answer is replaced. */
    const chosen = new Set<number>()
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    eachFrame(client, (frame) => {
      const opcode = frame[OPCODE_AT]
      if (this.#next.count > 0 && (opcode === EXECUTE || opcode === BATCH)) {
        this.#next.count -= 1
        chosen.add(frame.readInt16BE(STREAM_AT))
      }
      server.write(frame)
    })
    eachFrame(server, (frame) => {
      const replaces = frame[OPCODE_AT] === RESULT && chosen.delete(frame.readInt16BE(STREAM_AT))
      if (replaces) this.replaced += 1
      client.write(replaces ? errorInPlaceOf(frame, this.#next.answer) : frame)
    })
  }
}

function errorInPlaceOf(frame: Buffer, answer: keyof typeof ANSWERS): Buffer {
  const { code, details } = ANSWERS[answer]
  const text = Buffer.from('told by the proxy')
  const body = Buffer.alloc(6)
  body.writeInt32BE(code, 0)
  body.writeInt16BE(text.length, 4)
  const bytes = Buffer.concat([body, text, details])
  const header = Buffer.from(frame.subarray(0, HEADER_BYTES))
  header[1] = 0
  header[OPCODE_AT] = ERROR
  header.writeInt32BE(bytes.length, LENGTH_AT)
  return Buffer.concat([header, bytes])
}

function eachFrame(socket: Socket, handle: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readInt32BE(LENGTH_AT)
      if (rest.length < end) break
      handle(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}
