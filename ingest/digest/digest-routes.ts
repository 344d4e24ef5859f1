// `GET /ingest/digest/{domain}/{name}`: the digest of a product's tables, for `meshgate digest` where a process holds the data directory.
import type { ServerResponse } from 'node:http'
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { RouteHandler } from '../http/topic-routes.ts'
import { digestProduct } from './digest-product.ts'

const PATH = /^\/ingest\/digest\/([\w.-]+\/[\w.-]+)$/

export function createDigestRoutes(face: {
  readonly products: readonly Product[]
  readonly store: Store
}): RouteHandler {
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const name = PATH.exec(path)?.[1]
    if (name === undefined || request.method !== 'GET') return false
    const product = face.products.find((one) => `${one.domain}/${one.name}` === name)
    if (product === undefined) {
      const message = `This process does not ingest ${name}. See GET /ingest.`
      send(response, 404, { code: 'INGEST_REQUEST_INVALID', message })
      return true
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      send(response, 200, await digestProduct(face.store, product, { signal: gone.signal }))
    } catch (error) {
      if (gone.signal.aborted) return true
      const known = error instanceof MeshgateError ? error : null
      send(response, known?.retryable === true ? 503 : 500, {
        code: known?.code ?? 'INTERNAL',
        message: known?.message ?? 'The tables could not be read. Retry.',
      })
    }
    return true
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
