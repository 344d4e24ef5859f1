// A subscriber by Server-Sent Events that comes back with the cursor of the last event it had, as EventSource does in a browser.
import { setTimeout as pause } from 'node:timers/promises'

const RETRY_MS = 200

interface SubscriptionEvent<Data> {
  readonly data?: Data | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[]
}

export class EventSourceClient<Data> {
  readonly events: Data[] = []
  /** Codes of errors that ended a stream, in order. */
  readonly interruptions: string[] = []
  readonly #url: string
  readonly #query: string
  readonly #ending = new AbortController()
  readonly #running: Promise<void>
  #cursor = ''

  /** Resolves when the first stream is open, and with that what comes from then on is told. */
  static async open<Data>(url: string, query: string): Promise<EventSourceClient<Data>> {
    const opened = Promise.withResolvers<void>()
    const client = new EventSourceClient<Data>(url, query, opened.resolve)
    await opened.promise
    return client
  }

  private constructor(url: string, query: string, onOpen: () => void) {
    this.#url = url
    this.#query = query
    this.#running = this.#run(onOpen)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #run(onOpen: () => void): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await this.#stream(onOpen).catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.interruptions.push(String(error))
      })
      await pause(RETRY_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined)
    }
  }

  async #stream(onOpen: () => void): Promise<void> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(this.#cursor === '' ? {} : { 'last-event-id': this.#cursor }),
      },
      body: JSON.stringify({ query: this.#query }),
      signal: this.#ending.signal,
    })
    if (response.body === null || !response.ok) throw new Error(`HTTP ${String(response.status)}`)
    onOpen()
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end))
        text = text.slice(end + 2)
      }
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    )
    if (fields.get('event') !== 'next') return
    const { data, errors = [] } = JSON.parse(fields.get('data') ?? '{}') as SubscriptionEvent<Data>
    for (const error of errors) this.interruptions.push(`${String(error.extensions?.['code'])}: ${error.message}`)
    if (errors.length > 0 || data === undefined || data === null) return
    this.events.push(data)
    this.#cursor = fields.get('id') ?? this.#cursor
  }
}
