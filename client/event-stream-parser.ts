// Server-Sent Events out of text as it comes in pieces (WHATWG HTML, 9.2.6): events by name, data and id. Holds one event.

export interface ServerSentEvent {
  /** Default: `message`. */
  readonly name: string
  readonly data: string
}

/** Takes the next piece, and gives the events that it completes. Throws where an event is longer than the bound. */
export function createEventStreamParser(eventCharactersMax: number): (piece: string) => ServerSentEvent[] {
  /** The line that has not ended, in the pieces that it came in: joined once, however many they are. */
  let rest: string[] = []
  let restCharacters = 0
  let name = ''
  let data: string[] = []
  /** Of the event so far. */
  let characters = 0
  let endedWithReturn = false

  const takeLine = (line: string): ServerSentEvent | null => {
    if (line === '') {
      const event = data.length === 0 ? null : { name: name === '' ? 'message' : name, data: data.join('\n') }
      name = ''
      data = []
      characters = 0
      return event
    }
    // Whatever an event is made of, empty lines of data too, is kept until it ends: between events only what is read over comes.
    if (data.length > 0 || name !== '' || line.startsWith('data')) characters += line.length + 1
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') name = value
    if (field === 'data') data.push(value)
    return null
  }

  return (piece) => {
    // A line feed behind a carriage return belongs to it, also where it comes with the next piece.
    const text = endedWithReturn && piece.startsWith('\n') ? piece.slice(1) : piece
    if (piece !== '') endedWithReturn = piece.endsWith('\r')
    const lines = text.split(/\r\n|\r|\n/)
    const unfinished = lines.pop() ?? ''
    if (lines.length > 0) {
      lines[0] = rest.join('') + (lines[0] ?? '')
      rest = []
      restCharacters = 0
    }
    if (unfinished !== '') rest.push(unfinished)
    restCharacters += unfinished.length
    const events = lines.flatMap((line) => takeLine(line) ?? [])
    if (restCharacters + characters > eventCharactersMax) throw new Error('An event of the stream is too long.')
    return events
  }
}
