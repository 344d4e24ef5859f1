// `GET /ingest/digest/{domain}/{name}`: the digest of a product's tables, for `meshgate digest` where a process holds the data directory.
import type { Product } from '../../schema/model.ts'
import type { Store } from '../../platform/ports/store.ts'
import { refuseControl, sendControl } from '../http/control-request.ts'
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
      sendControl(response, 404, { code: 'INGEST_REQUEST_INVALID', message })
      return true
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      sendControl(response, 200, await digestProduct(face.store, product, { signal: gone.signal }))
    } catch (error) {
      if (gone.signal.aborted) return true
      refuseControl(request, response, { error, unexpected: 'The tables could not be read. Retry.' })
    }
    return true
  }
}
