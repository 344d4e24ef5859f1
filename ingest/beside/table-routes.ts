// New tables over HTTP, for `meshgate replay --beside` where a process holds the data directory:
//   POST /ingest/tables/{domain}/{name}   {"action": "build" | "abandon" | "drop-old", "seed": "topic" | "scan"}
// It answers once that is a durable fact. How far it is, is part of `GET /ingest`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Product } from '../../schema/model.ts'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { productKey } from '../../platform/table-generations.ts'
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

const STATUSES: Partial<Record<FailureCode, number>> = {
  INGEST_REQUEST_INVALID: 400,
  INGEST_REQUEST_TOO_LARGE: 413,
  TABLES_REFUSED: 409,
  LOG_UNAVAILABLE: 503,
  LOG_CLOSED: 503,
  LOG_DISK_FULL: 507,
}

export function createTableRoutes(face: TablesFace): RouteHandler {
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const name = PATH.exec(path)?.[1]
    if (name === undefined) return false
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST')
      send(response, 405, { code: 'INGEST_REQUEST_UNSUPPORTED', message: 'Use POST.' })
      return true
    }
    try {
      const asked = await askForTables(face, name, actionIn(await bodyOf(request)))
      await face.look()
      send(response, 202, asked)
    } catch (error) {
      refuse(response, error)
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

function actionIn(body: unknown): TablesAction {
  const { action, seed = 'topic', id } = (body ?? {}) as Record<string, unknown>
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

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > limits.tableRequestBytesMax) {
      const message = `The body exceeds ${limits.tableRequestBytesMax} bytes. Send less.`
      throw new MeshgateError('INGEST_REQUEST_TOO_LARGE', message)
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch {
    return null
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return
  const known = error instanceof MeshgateError ? error : null
  const status = (known === null ? undefined : STATUSES[known.code]) ?? 500
  const message = status === 500 ? 'New tables could not be asked for. Retry.' : (known?.message ?? '')
  send(response, status, { code: known?.code ?? 'INTERNAL', message })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
