// What a client takes, by its Accept header (RFC 9110 12.5.1): one answer as JSON, a stream of them, or either. Beside the operation's kind,
// this decides which protocol answers.
import { limits } from '../../platform/limits.ts'

export type AnswerMediaType = 'application/graphql-response+json' | 'application/json'
export type StreamMediaType = 'text/event-stream' | 'multipart/mixed'

export interface Accepted {
  /** For queries and mutations answered once; null: none that this server has. */
  readonly answer: AnswerMediaType | null
  /** Streams have to be asked for by name: whoever takes anything expects an answer that ends. */
  readonly stream: StreamMediaType | null
}

interface Range {
  readonly name: string
  readonly quality: number
  readonly parameters: readonly string[]
}

const ANSWERS: readonly AnswerMediaType[] = ['application/graphql-response+json', 'application/json']
const NOT_GIVEN: Accepted = { answer: 'application/json', stream: null }

/** Clients of one kind send one header, so few are parsed. */
const known = new Map<string, Accepted>()

export function readAccept(header: string | undefined): Accepted {
  if (header === undefined || header.trim() === '') return NOT_GIVEN
  let accepted = known.get(header)
  if (accepted === undefined) {
    accepted = parseAccept(header)
    if (known.size >= limits.negotiationsKeptMax) known.clear()
    if (header.length <= limits.negotiationCharactersMax) known.set(header, accepted)
  }
  return accepted
}

function parseAccept(header: string): Accepted {
  const ranges = header.split(',').map(readRange)
  const answer = bestAnswer(ranges)
  const stream = bestOf(ranges, streamOf)
  // A query can be answered as a stream too, where the client likes that better or takes nothing else.
  const prefersStream = stream !== null && (answer === null || stream.quality > answer.quality)
  return { answer: prefersStream ? null : (answer?.type ?? null), stream: stream?.type ?? null }
}

function readRange(text: string): Range {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { name, quality: quality >= 0 && quality <= 1 ? quality : 0, parameters }
}

/** The quality of a type is that of the most specific range; of equal ones the client's first counts, and plain JSON for a wildcard. */
function bestAnswer(ranges: readonly Range[]): { type: AnswerMediaType; quality: number } | null {
  const named = bestOf(ranges, ({ name }) => ANSWERS.find((type) => type === name) ?? null)
  const wildcard = ranges.find(({ name }) => name === 'application/*') ?? ranges.find(({ name }) => name === '*/*')
  if (wildcard === undefined || wildcard.quality <= (named?.quality ?? 0)) return named
  const type = ['application/json', ANSWERS[0]].find((each) => !ranges.some(({ name }) => name === each))
  return type === undefined ? named : { type: type as AnswerMediaType, quality: wildcard.quality }
}

function bestOf<Type>(
  ranges: readonly Range[],
  typeOf: (range: Range) => Type | null,
): { type: Type; quality: number } | null {
  let best: { type: Type; quality: number } | null = null
  for (const range of ranges) {
    const type = typeOf(range)
    if (type !== null && range.quality > (best?.quality ?? 0)) best = { type, quality: range.quality }
  }
  return best
}

/** `multipart/mixed` alone, or with a deferSpec, asks for incremental delivery, which this gateway has not. */
function streamOf({ name, parameters }: Range): StreamMediaType | null {
  if (name === 'text/event-stream') return name
  const isSubscription = parameters.some((parameter) => /^subscriptionspec="?1\.0"?$/.test(parameter))
  return name === 'multipart/mixed' && isSubscription ? name : null
}
