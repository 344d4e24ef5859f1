// GraphQL over Server-Sent Events, distinct connections mode (the protocol of graphql-sse): `next` for each result, then `complete`. Events of
// our own subgraphs have their cursor as id, so that a browser's EventSource that comes back names it by itself (Last-Event-ID).
import type { EngineResult } from '../engine-contract.ts'
import { resultText } from './result-text.ts'
import type { StreamFormat } from './stream-response.ts'

export const eventStreamFormat: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  // Some browsers do not see a response before its first byte of body.
  opening: ':\n\n',
  keepAlive: ':\n\n',
  closing: 'event: complete\ndata:\n\n',
  result: eventBytes,
  failure: (error) => `event: next\ndata: ${JSON.stringify({ errors: [error] })}\n\n`,
}

const known = new WeakMap<EngineResult, Buffer>()

/** The same for every client of a shared subscription. */
function eventBytes(result: EngineResult): Buffer {
  let bytes = known.get(result)
  if (bytes === undefined) {
    bytes = Buffer.from(`${idLine(result)}event: next\ndata: ${resultText(result)}\n\n`)
    known.set(result, bytes)
  }
  return bytes
}

/** An id may hold no line break and no NUL; ours are printable. */
const PRINTABLE = /^[\x21-\x7e]+$/

function idLine({ extensions }: EngineResult): string {
  const cursor = extensions?.['cursor']
  return typeof cursor === 'string' && PRINTABLE.test(cursor) ? `id: ${cursor}\n` : ''
}

/** Wins over a cursor of the request: where a browser comes back, the URL still has the one that the page began with. */
export function withLastEventId(
  extensions: Readonly<Record<string, unknown>> | undefined,
  lastEventId: string | readonly string[] | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (typeof lastEventId !== 'string' || lastEventId === '') return extensions
  return { ...extensions, cursor: lastEventId }
}
