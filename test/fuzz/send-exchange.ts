// Sends an exchange over a connection of its own and gathers what comes back.
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Exchange } from './exchange.ts'

export interface Sent {
  readonly received: Buffer
  /** The server has closed the connection, after everything that it had to say. */
  readonly hasEnded: boolean
}

/** From the last byte that came; a server that says nothing for so long has said everything. */
const QUIET_MS = 120
const RECEIVED_BYTES_MAX = 32_000_000

/** Resolves when the server has closed, or has said nothing for `answerMs` at first or for a moment then. Never rejects. */
export function sendExchange(port: number, exchange: Exchange, answerMs: number): Promise<Sent> {
  const { chunks, ends = 'waits', pauseMs = 0 } = exchange
  return new Promise((resolve) => {
    const received: Buffer[] = []
    let bytes = 0
    let hasEnded = false
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ received: Buffer.concat(received), hasEnded })
    }
    let timer = setTimeout(done, answerMs)
    const listen = (ms: number): void => {
      clearTimeout(timer)
      timer = setTimeout(done, ms)
    }
    const says = async (text: string): Promise<void> => {
      const untilMs = Date.now() + answerMs / 2
      while (Date.now() < untilMs && !socket.destroyed && !received.some((piece) => piece.includes(text))) await wait(2)
    }
    const write = async (): Promise<void> => {
      if (exchange.opening !== undefined) {
        for (const chunk of exchange.opening.chunks) socket.write(chunk)
        await says(exchange.opening.until)
      }
      for (const chunk of chunks) {
        if (socket.destroyed) return
        listen(answerMs)
        socket.write(chunk)
        if (pauseMs > 0) await wait(pauseMs)
      }
      listen(answerMs)
      if (ends === 'half-closes') socket.end()
      // What it has just begun.
      if (ends === 'resets') setImmediate(() => socket.resetAndDestroy())
    }
    socket.once('connect', () => void write())
    socket.on('data', (data) => {
      received.push(data)
      bytes += data.length
      if (bytes > RECEIVED_BYTES_MAX) done()
      else listen(Math.max(QUIET_MS, answerMs / 4))
    })
    socket.once('end', () => {
      hasEnded = true
      done()
    })
    socket.on('error', () => undefined)
    socket.once('close', done)
  })
}
