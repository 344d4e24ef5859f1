// Stands between clients and a server. What clients send always goes through; what the server answers can be held back, and let go later or
// lost with the connections: then a client does not know that its request was carried out.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const HOST = '127.0.0.1'

interface Line {
  readonly client: Socket
  readonly server: Socket
  isHeld: boolean
}

export class AnswerProxy {
  readonly port: number
  readonly #listening: Server
  readonly #lines: Set<Line>

  private constructor(listening: Server, lines: Set<Line>) {
    this.#listening = listening
    this.#lines = lines
    this.port = (listening.address() as AddressInfo).port
  }

  static async open(targetPort: number): Promise<AnswerProxy> {
    const lines = new Set<Line>()
    const listening = createServer((client) => join(client, targetPort, lines))
    listening.listen(0, HOST)
    await once(listening, 'listening')
    return new AnswerProxy(listening, lines)
  }

  get address(): string {
    return `${HOST}:${String(this.port)}`
  }

  /** Of the connections that there are. */
  holdAnswers(): void {
    for (const line of this.#lines) {
      if (line.isHeld) continue
      line.isHeld = true
      line.server.unpipe(line.client)
      line.server.pause()
    }
  }

  releaseAnswers(): void {
    for (const line of this.#lines) {
      // Those that were opened meanwhile have a pipe: with a second one, all would come twice.
      if (!line.isHeld) continue
      line.isHeld = false
      line.server.pipe(line.client)
    }
  }

  /** What is held back is lost. */
  cut(): void {
    for (const { client, server } of this.#lines) {
      client.destroy()
      server.destroy()
    }
  }

  async close(): Promise<void> {
    this.#listening.close()
    this.cut()
    await once(this.#listening, 'close')
  }
}

function join(client: Socket, targetPort: number, lines: Set<Line>): void {
  const server = connect(targetPort, HOST)
  const line = { client, server, isHeld: false }
  lines.add(line)
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.setNoDelay(true)
    one.on('error', () => other.destroy())
    one.on('close', () => {
      lines.delete(line)
      other.destroy()
    })
    one.pipe(other)
  }
}
