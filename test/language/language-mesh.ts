// A mesh of product files in one process, as the command line composes it: ingest, a subgraph per product and the gateway over the
// embedded log and store in a directory of the test's own. Everything goes in and out as a user's would: records by HTTP or from
// files, queries by HTTP, subscriptions by WebSocket.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FormattedExecutionResult } from 'graphql'
import { pino } from 'pino'
import { startGateway } from '../../gateway/main.ts'
import { loadFile, type LoadResult } from '../../ingest/load/load-file.ts'
import type { LoadSource } from '../../ingest/sources/load-record.ts'
import { startIngest } from '../../ingest/main.ts'
import type { EventLog, TailOptions } from '../../platform/ports/event-log.ts'
import { checkMesh } from '../../schema/check-mesh.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitCql } from '../../schema/emit/emit-cql.ts'
import { emitJsonSchema } from '../../schema/emit/emit-json-schema.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { Product } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { subscribe, type Subscription } from '../e2e/graphql-client.ts'
import { allRecords, jsonOf, openPorts } from '../ingest/open-ports.ts'

interface RejectedMessage {
  readonly value: unknown
  readonly code: string | undefined
  readonly field: string | undefined
  readonly check: string | undefined
  readonly message: string | undefined
  readonly position: string | undefined
}

export interface LanguageMesh {
  readonly url: string
  readonly products: readonly Product[]
  /** Sends records to a topic, and waits until they are written or rejected. */
  post(topic: string, values: readonly unknown[]): Promise<void>
  /** As `post`, of whole REST Proxy records: `key`, `value`. */
  postKeyed(topic: string, records: readonly object[]): Promise<void>
  load(entity: string, source: LoadSource): Promise<LoadResult>
  /** The whole answer, errors too. */
  ask(document: string, variables?: Record<string, unknown>): Promise<FormattedExecutionResult>
  /** Data of a query that must succeed. */
  query(document: string, variables?: Record<string, unknown>): Promise<unknown>
  /** Resolves when the subscription has begun: it tells what is sent from now on. */
  subscribe(document: string, variables?: Record<string, unknown>): Promise<Subscription>
  rejected(topic: string): Promise<readonly RejectedMessage[]>
  changes(topic: string): Promise<readonly Change[]>
  close(): Promise<void>
}

/** Compiles the files beside the tests; none may have as much as a warning, and together they have no error. */
async function readProducts(files: readonly string[]): Promise<readonly Product[]> {
  const compiled = await Promise.all(
    files.map(async (file) =>
      compileProduct(file, await readFile(fileURLToPath(new URL(file, import.meta.url)), 'utf8')),
    ),
  )
  const products = compiled.flatMap(({ product }) => (product === null ? [] : [product]))
  const diagnostics = [
    ...compiled.flatMap((one) => one.diagnostics),
    ...checkMesh(products).filter(({ severity }) => severity === 'ERROR'),
  ]
  if (diagnostics.length > 0) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
  return products
}

export async function startLanguageMesh(...files: string[]): Promise<LanguageMesh> {
  const products = await readProducts(files)
  const parts = new AsyncDisposableStack()
  try {
    return await openMesh(products, parts)
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

async function openMesh(products: readonly Product[], parts: AsyncDisposableStack): Promise<LanguageMesh> {
  for (const product of products) emitEverything(product)
  const ports = await openPorts()
  parts.defer(() => ports.close())
  const { store, clock } = ports
  const { log, tailed } = watchTails(ports.log)
  const logger = pino({ level: 'silent' })
  const ingest = await startIngest({ products, log, store, clock })
  parts.defer(() => ingest.close())
  const cursorKey = randomBytes(32)
  const subgraphs = products.map((product) => createSubgraph({ product, log, store, clock, cursorKey }))
  for (const subgraph of subgraphs) parts.defer(() => subgraph.close())
  const gateway = await startGateway({ mesh: { subgraphs }, port: 0, routes: ingest.routes, logger })
  parts.defer(() => gateway.close())

  const postKeyed = async (topic: string, records: readonly object[]): Promise<void> => {
    const response = await fetch(`${gateway.url}/topics/${topic}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records }),
    })
    if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${await response.text()}`)
    await ingest.caughtUp()
  }
  const ask = async (document: string, variables: Record<string, unknown> = {}): Promise<FormattedExecutionResult> => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, variables }),
    })
    return (await response.json()) as FormattedExecutionResult
  }
  return {
    url: gateway.url,
    products,
    postKeyed,
    post: (topic, values) =>
      postKeyed(
        topic,
        values.map((value) => ({ value })),
      ),
    load: (entity, source) => {
      const product = products.find(({ entities }) => entities.some(({ name, source: own }) => name === entity && own))
      if (product === undefined) throw new Error(`no product owns ${entity}`)
      return loadFile({ product, entity, source, log, clock, ingest })
    },
    ask,
    async query(document, variables) {
      const { data, errors } = await ask(document, variables)
      if (errors !== undefined) throw new Error(JSON.stringify(errors))
      return data
    },
    async subscribe(document, variables) {
      const begun = tailed()
      const subscription = await subscribe(gateway.url, document, variables)
      await begun
      return subscription
    },
    async rejected(topic) {
      return (await allRecords(log, `${topic}.rejected`)).map((record) => ({
        value: jsonOf(record),
        code: record.headers['meshgate-error-code'],
        field: record.headers['meshgate-error-field'],
        check: record.headers['meshgate-check-id'],
        message: record.headers['meshgate-error-message'],
        position: record.headers['meshgate-source-position'],
      }))
    },
    changes: async (topic) => (await allRecords(log, `${topic}.changes`)).map((record) => jsonOf(record) as Change),
    close: () => parts.disposeAsync(),
  }
}

/** The protocol does not say when a subscription has begun: its subgraph's tail of the changes does. Operations must differ, or they share one. */
function watchTails(real: EventLog): { readonly log: EventLog; readonly tailed: () => Promise<void> } {
  const waiting: (() => void)[] = []
  const log = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'tail') return member.bind(target) as unknown
      return async (options: TailOptions) => {
        const tail = await target.tail(options)
        waiting.shift()?.()
        return tail
      }
    },
  })
  return { log, tailed: () => new Promise((resolve) => waiting.push(resolve)) }
}

/** What the mesh itself does not emit must not fail either. */
function emitEverything(product: Product): void {
  emitCql(emitTables(product), 'language')
  for (const entity of product.entities) if (entity.source !== null) emitJsonSchema(product, entity)
}
