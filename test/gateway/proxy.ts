// A TCP proxy before a server, to cut and mend the way to it.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Proxy {
  readonly port: number
  /** Where connections go; null: nowhere. */
  target: number | null
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(server: Server, target: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.target = target
    server.on('connection', (socket) => this.#pass(socket))
  }

  static async open(target: number): Promise<Proxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Proxy(server, target)
  }

  /** Breaks every connection; new ones break too until there is a target again. */
  cut(): void {
    this.target = null
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Connections stay, and nothing comes through them any more: as a network forgets them. New ones pass. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.unpipe()
      socket.pause()
    }
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #pass(socket: Socket): void {
    if (this.target === null) return void socket.resetAndDestroy()
    const other = connect(this.target, '127.0.0.1')
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}
