// A supergraph at a URL, as registries and object stores serve it: asked for with the ETag of the last one, bounded in time and size.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SupergraphSource } from './supergraph-source.ts'

export interface UrlSourceOptions {
  readonly url: string
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string | null
  /** Default: `limits.supergraphUrlPollMs`. */
  readonly pollMs?: number
}

/** Its `read` rejects with SUPERGRAPH_UNAVAILABLE. */
export function urlSource({ url, token, pollMs = limits.supergraphUrlPollMs }: UrlSourceOptions): SupergraphSource {
  // A token in the URL itself must not stand in logs.
  const name = url.replace(/[?#].*$/, '').replace(/\/\/[^/@]*@/, '//')
  let etag: string | null = null
  return {
    name,
    pollMs,
    pollMsMax: Math.max(pollMs, limits.supergraphUrlPollMsMax),
    read: async (anyway, signal) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(limits.supergraphUrlTimeoutMs)])
      try {
        const response = await fetch(url, { headers: headersOf(token, anyway ? null : etag), signal: patience })
        if (response.status === 304 && etag !== null) {
          await response.body?.cancel()
          return null
        }
        if (response.status !== 200) {
          await response.body?.cancel()
          throw new Error(`it answers with status ${response.status}`)
        }
        const text = await readBounded(response)
        etag = response.headers.get('etag')
        return text
      } catch (error) {
        signal.throwIfAborted()
        throw new MeshgateError(
          'SUPERGRAPH_UNAVAILABLE',
          `The supergraph cannot be read from ${name}: ${reasonOf(error)}.`,
        )
      }
    },
  }
}

function headersOf(token: string | null, etag: string | null): Record<string, string> {
  return {
    accept: 'application/graphql, text/plain;q=0.9, */*;q=0.8',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(etag === null ? {} : { 'if-none-match': etag }),
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > limits.supergraphBytesMax) throw new Error(`it has more than ${limits.supergraphBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What `fetch` says itself is only that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `it did not answer in ${limits.supergraphUrlTimeoutMs} ms`
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return `${(cause instanceof Error ? cause.message : error.message).replace(/\.$/, '')}${code}`
}
