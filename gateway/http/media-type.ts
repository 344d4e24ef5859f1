// Chooses the response's media type by the Accept header, as GraphQL over HTTP has it.
export type ResponseMediaType = 'application/graphql-response+json' | 'application/json'

/** Null where the client accepts neither. */
export function negotiateMediaType(accept: string | undefined): ResponseMediaType | null {
  if (accept === undefined || accept.trim() === '') return 'application/json'
  let best: { type: ResponseMediaType; quality: number } | null = null
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const type = MEDIA_TYPES[name]
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2))
    if (type !== undefined && quality > 0 && (best === null || quality > best.quality)) best = { type, quality }
  }
  return best?.type ?? null
}

const MEDIA_TYPES: Readonly<Record<string, ResponseMediaType>> = {
  'application/graphql-response+json': 'application/graphql-response+json',
  'application/json': 'application/json',
  'application/*': 'application/json',
  '*/*': 'application/json',
}
