// A gateway over two subgraphs on the network whose operations are logged or traced, and what it has said of them.
import { readFile } from 'node:fs/promises'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { observeOperations } from '../../gateway/observe/observe-operations.ts'
import { createRequestLog } from '../../gateway/observe/request-log.ts'
import type { RequestLogConfig } from '../../platform/operating-config.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import type { Tracer } from '../../platform/telemetry/tracer.ts'
import { startLibrary, type Library } from '../cli/library-subgraphs.ts'

export interface ObservedGateway {
  readonly gateway: Gateway
  readonly library: Library
  /** Of the request log, parsed. */
  readonly lines: Record<string, unknown>[]
  /** As they were written. */
  readonly written: string[]
  readonly ask: (body: object, headers?: Record<string, string>) => Promise<unknown>
  close(): Promise<void>
}

export const ALL_LINES: RequestLogConfig = { lines: 'all', slowMs: 60_000, sample: 1, principal: 'hashed' }

export async function startObserved(
  given: { readonly log?: Partial<RequestLogConfig>; readonly tracer?: Tracer; readonly random?: () => number } = {},
): Promise<ObservedGateway> {
  const library = await startLibrary()
  const written: string[] = []
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    level: 'info',
    readable: false,
    write: (line) => {
      written.push(line)
      const parsed = JSON.parse(line) as Record<string, unknown>
      if (parsed['log'] === 'request') lines.push(parsed)
    },
  })
  const random = given.random ?? (() => 0)
  const key = new Uint8Array(32).fill(1)
  const log = createRequestLog({ config: { ...ALL_LINES, ...given.log }, logger, key, random })
  const { tracer = null } = given
  const gateway = await startGateway({
    mesh: { supergraphSdl: await readFile(new URL('../cli/apollo-composed.graphql', import.meta.url), 'utf8') },
    subgraphSettings: { books: { url: library.booksUrl }, loans: { url: library.loansUrl, subscriptions: 'sse' } },
    port: 0,
    persistedQueries: true,
    logger,
    observer: observeOperations({ log, tracer, eventRatio: 1, random }),
  })
  return {
    gateway,
    library,
    lines,
    written,
    ask: async (body, headers = {}) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      return response.json()
    },
    close: async () => {
      await gateway.close()
      await library.close()
    },
  }
}
