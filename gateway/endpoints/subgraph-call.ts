// One request to a subgraph from its first attempt to its answer: repeated once where that changes nothing, ended by its deadline, given up
// when nobody waits for it any more.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type {
  AnswerListener,
  Exchange,
  ForwardedHeaders,
  HttpAnswer,
  HttpTransport,
  TransportFailure,
} from './http-transport.ts'

/** What calls of one subgraph have in common. */
export interface CallContext {
  readonly name: string
  readonly transport: HttpTransport
  readonly deadlines: Deadlines
  readonly responseBytesMax: number
}

export interface CallRequest {
  readonly body: string
  readonly forwarded: ForwardedHeaders
  readonly isMutation: boolean
}

export class SubgraphCall implements AnswerListener, Expiring {
  readonly #context: CallContext
  readonly #request: CallRequest
  readonly #settle: (error: unknown, answer: HttpAnswer | null) => void
  readonly #deadline: Set<Expiring>
  #exchange: Exchange
  #attempts = 1
  #ended = false

  /** `settle` is called once, never within the constructor. */
  constructor(context: CallContext, request: CallRequest, settle: (error: unknown, answer: HttpAnswer | null) => void) {
    this.#context = context
    this.#request = request
    this.#settle = settle
    this.#exchange = this.#send()
    this.#deadline = context.deadlines.add(this)
  }

  /** Without effect once it has ended. */
  cancel(reason: unknown): void {
    if (this.#ended) return
    this.#exchange.abandon()
    this.#end(reason, null)
  }

  expire(): void {
    this.cancel(new MeshgateError('SUBGRAPH_TIMEOUT', `Subgraph "${this.#context.name}" did not answer in time.`))
  }

  onAnswer(answer: HttpAnswer): void {
    this.#end(null, answer)
  }

  onFailure(failure: TransportFailure): void {
    const { isMutation } = this.#request
    // A query may be repeated; a mutation may have happened although its answer was lost.
    if (failure.kind === 'connection' && !isMutation && this.#attempts < limits.subgraphAttemptsMax) {
      this.#attempts += 1
      this.#exchange = this.#send()
      return
    }
    this.#end(this.#toError(failure), null)
  }

  #send(): Exchange {
    const { body, forwarded, isMutation } = this.#request
    const request = { body, forwarded, mayRepeat: !isMutation, isRepeated: this.#attempts > 1 }
    return this.#context.transport.send(request, this)
  }

  #end(error: unknown, answer: HttpAnswer | null): void {
    this.#ended = true
    this.#deadline.delete(this)
    this.#settle(error, answer)
  }

  #toError({ kind, cause }: TransportFailure): MeshgateError {
    const { name, responseBytesMax } = this.#context
    switch (kind) {
      case 'connection':
        return new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${name}" cannot be reached.`, cause)
      case 'closed':
        return new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${name}" has been let go.`, cause)
      case 'protocol':
        return new MeshgateError('SUBGRAPH_PROTOCOL', `Subgraph "${name}" answered something that is no HTTP.`, cause)
      case 'too-large': {
        const message = `Subgraph "${name}" answered with more than ${responseBytesMax} bytes. Ask for less at once.`
        return new MeshgateError('SUBGRAPH_PROTOCOL', message, cause)
      }
    }
  }
}
