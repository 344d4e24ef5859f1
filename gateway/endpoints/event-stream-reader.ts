// The text/event-stream format (WHATWG HTML, 9.2.6), read from pieces of any size. Pure: text in, events out.

export interface StreamEvent {
  /** Empty where the stream names none. */
  readonly type: string
  readonly data: string
}

export class EventStreamReader {
  readonly #charactersMax: number
  readonly #decoder = new TextDecoder('utf-8')
  /** The line that has not ended, in the pieces that it came in: joined once, however many they are. */
  #rest: string[] = []
  #restCharacters = 0
  #afterCr = false
  #type = ''
  #data: string[] = []
  /** Of the event so far. */
  #characters = 0

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  /** Null: an event is larger than is taken. */
  read(bytes: Uint8Array): StreamEvent[] | null {
    const events: StreamEvent[] = []
    let text = this.#decoder.decode(bytes, { stream: true })
    // A CR ended the piece before: its LF is no other line.
    if (this.#afterCr && text !== '') {
      if (text.startsWith('\n')) text = text.slice(1)
      this.#afterCr = false
    }
    let start = 0
    const ends = /\r\n|\r|\n/g
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      const event = this.#takeLine(this.#lineWith(text.slice(start, end.index)))
      if (event !== null) events.push(event)
      start = ends.lastIndex
      this.#afterCr = end[0] === '\r' && start === text.length
    }
    if (start < text.length) this.#rest.push(text.slice(start))
    this.#restCharacters += text.length - start
    return this.#characters + this.#restCharacters > this.#charactersMax ? null : events
  }

  #lineWith(end: string): string {
    if (this.#rest.length === 0) return end
    const line = this.#rest.join('') + end
    this.#rest = []
    this.#restCharacters = 0
    return line
  }

  #takeLine(line: string): StreamEvent | null {
    if (line === '') return this.#dispatch()
    // Whatever an event is made of, empty lines of data too, is kept until it ends: between events only what is read over comes.
    if (this.#data.length > 0 || this.#type !== '' || line.startsWith('data')) this.#characters += line.length + 1
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#type = value
    if (field === 'data') this.#data.push(value)
    return null
  }

  #dispatch(): StreamEvent | null {
    const event = { type: this.#type, data: this.#data.join('\n') }
    const isEvent = this.#data.length > 0 || event.type === 'complete'
    this.#type = ''
    this.#data = []
    this.#characters = 0
    return isEvent ? event : null
  }
}
