// New tables over HTTP, for `meshgate replay --beside` where a process holds the data directory:
//   POST /ingest/tables/{domain}/{name}   {"action": "build" | "abandon" | "drop-old", "seed": "topic" | "scan"}
// It answers once that is a durable fact. How far it is, is part of `GET /ingest`.
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { productKey } from '../../platform/table-generations.ts'
import { controlBody, refuseControl, refuseMethod, sendControl } from '../http/control-request.ts'
import type { RouteHandler } from '../http/topic-routes.ts'
import { requestAbandon, requestBuild, requestDrop, type RequestPorts } from './table-request.ts'
import type { TablesState } from './table-state.ts'

export type TablesAction =
  | { readonly action: 'build'; readonly seed: 'topic' | 'scan'; readonly id?: string }
  | { readonly action: 'abandon' }
  | { readonly action: 'drop-old' }

export interface TablesFace extends RequestPorts {
  readonly products: readonly Product[]
  /** From then on the status of this process shows what has been asked for. */
  readonly look: () => Promise<void>
}

const PATH = /^\/ingest\/tables\/([\w.-]+\/[\w.-]+)$/

export function createTableRoutes(face: TablesFace): RouteHandler {
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const name = PATH.exec(path)?.[1]
    if (name === undefined) return false
    try {
      if (request.method === 'POST') {
        const asked = await askForTables(face, name, actionIn(await controlBody(request)))
        await face.look()
        sendControl(response, 202, asked)
      } else refuseMethod(response, 'POST')
    } catch (error) {
      refuseControl(request, response, { error, unexpected: 'New tables could not be asked for. Retry.' })
    }
    return true
  }
}

/** Resolves once it is a durable fact. TABLES_REFUSED with the reason and the way out. */
export function askForTables(face: Omit<TablesFace, 'look'>, name: string, asked: TablesAction): Promise<TablesState> {
  const product = face.products.find((one) => productKey(one) === name)
  if (product === undefined) {
    const known = face.products.map(productKey).join(', ')
    return Promise.reject(
      new MeshgateError('TABLES_REFUSED', `This process does not ingest ${name}. It ingests: ${known}.`),
    )
  }
  switch (asked.action) {
    case 'build':
      return requestBuild(face, product, asked)
    case 'abandon':
      return requestAbandon(face, product)
    case 'drop-old':
      return requestDrop(face, product)
  }
}

function actionIn({ action, seed = 'topic', id }: Readonly<Record<string, unknown>>): TablesAction {
  if (action === 'build' && (seed === 'topic' || seed === 'scan')) {
    return { action, seed, ...(typeof id === 'string' ? { id } : {}) }
  }
  if (action === 'abandon' || action === 'drop-old') return { action }
  const shape = '{"action": "build", "seed": "topic"}'
  throw new MeshgateError(
    'INGEST_REQUEST_INVALID',
    `The body asks for nothing that can be done. Send JSON as ${shape}.`,
  )
}
