// How many WebSockets and subscriptions clients may have open. A client is its token's subject, else its address; of a handshake it is the address
// until connection_init has said who asks. What comes from this machine itself is no client's address, but a proxy's or a test's: nobody is counted by it.
import type { IncomingMessage } from 'node:http'
import type { Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { ClientCounts, type TooMany } from './client-counts.ts'
import { addressKey, clientKey } from './client-key.ts'
import type { HttpProblem } from './http-problem.ts'

/** 0: any number. */
export interface ClientLimitOptions {
  /** Of this process. Default `limits.socketsMax`. */
  readonly sockets?: number
  /** Default `limits.socketsPerClientMax`. */
  readonly socketsPerClient?: number
  /** Over HTTP and WebSockets. Default `limits.subscriptionsPerClientMax`. */
  readonly subscriptionsPerClient?: number
  /** Operations of one WebSocket at once. Default `limits.socketSubscriptionsMax`. */
  readonly subscriptionsPerSocket?: number
}

export interface SocketPlace {
  /** It is known who asks: null, or what there are too many of. */
  become(principal: Principal): HttpProblem | null
  release(): void
}

export class ClientLimits {
  readonly subscriptionsPerSocket: number
  readonly #sockets: ClientCounts
  readonly #subscriptions: ClientCounts
  readonly #trustedProxies: number

  constructor(options: ClientLimitOptions, trustedProxies: number) {
    const {
      sockets = limits.socketsMax,
      socketsPerClient = limits.socketsPerClientMax,
      subscriptionsPerClient = limits.subscriptionsPerClientMax,
    } = options
    this.subscriptionsPerSocket = options.subscriptionsPerSocket ?? limits.socketSubscriptionsMax
    this.#sockets = new ClientCounts({ all: sockets, perClient: socketsPerClient })
    this.#subscriptions = new ClientCounts({ all: 0, perClient: subscriptionsPerClient })
    this.#trustedProxies = trustedProxies
  }

  /** WebSockets that are open. */
  get sockets(): number {
    return this.#sockets.all
  }

  openSocket(request: IncomingMessage): SocketPlace | HttpProblem {
    const found = this.#sockets.take(counted(addressKey(request, this.#trustedProxies)))
    if (typeof found === 'string') return tooManySockets(this.#sockets, found)
    let release = found
    return {
      become: (principal) => {
        release()
        const taken = this.#sockets.take(counted(clientKey(request, principal, this.#trustedProxies)))
        if (typeof taken === 'string') return tooManySockets(this.#sockets, taken)
        release = taken
        return null
      },
      release: () => release(),
    }
  }

  /** Returns what gives the place back, which may be called again. */
  openSubscription(request: IncomingMessage, principal: Principal): (() => void) | HttpProblem {
    const found = this.#subscriptions.take(counted(clientKey(request, principal, this.#trustedProxies)))
    if (typeof found !== 'string') return found
    const many = `More than ${this.#subscriptions.bounds.perClient} subscriptions of one client.`
    return exceeded('SUBSCRIPTIONS_EXCEEDED', many, 429)
  }

  /** Of a WebSocket with one operation too many. */
  tooManyOfSocket(): HttpProblem {
    const many = `More than ${this.subscriptionsPerSocket} operations at once on one WebSocket.`
    return exceeded('SUBSCRIPTIONS_EXCEEDED', many, 429)
  }
}

const LOOPBACK = /^@(?:127\.|::ffff:127\.|0:0:0:0$)/

/** Null: nobody in particular. */
function counted(key: string): string | null {
  return LOOPBACK.test(key) ? null : key
}

function tooManySockets({ bounds }: ClientCounts, which: TooMany): HttpProblem {
  if (which === 'client') {
    return exceeded('CONNECTIONS_EXCEEDED', `More than ${bounds.perClient} WebSockets of one client.`, 429)
  }
  return exceeded('CONNECTIONS_EXCEEDED', `The gateway has ${bounds.all} WebSockets already.`, 503)
}

function exceeded(code: 'CONNECTIONS_EXCEEDED' | 'SUBSCRIPTIONS_EXCEEDED', many: string, status: number): HttpProblem {
  const headers = ['retry-after', String(limits.retryAfterSecondsUnknown)]
  return { status, code, message: `${many} Close one, or come again later.`, headers }
}
