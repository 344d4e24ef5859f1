// The supergraph that a gateway begins with, and where the next one comes from. A URL that does not answer is asked until it does; whoever
// looks at the process's health meanwhile is told so.
import type { Logger } from 'pino'
import type { Config } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { createMetrics } from '../../platform/telemetry/metrics.ts'
import type { CommandContext } from '../command-context.ts'
import { createRoleHealth } from '../role-health.ts'
import { createRoleLogger } from '../role-logger.ts'
import { startRoleServer, type RoleServer } from '../role-server.ts'
import { readSupergraphFile } from '../supergraph-file.ts'
import { fileSignature, fileSource } from './file-source.ts'
import { SupergraphCopy } from './supergraph-copy.ts'
import { isUrl, supergraphId, type SupergraphSource } from './supergraph-source.ts'
import { urlSource } from './url-source.ts'
import type { StaleSupergraph } from './watch-supergraph.ts'

export interface OpenedSupergraph {
  readonly supergraphSdl: string
  /** Null where there is nothing to look at again: standard input. */
  readonly source: SupergraphSource | null
  /** Where the last good one of a URL is kept. */
  readonly copy: SupergraphCopy | null
  /** It is that copy: the URL could not be read. */
  readonly stale: StaleSupergraph | null
}

const STANDARD_INPUT = '-'

/** Null where the command was stopped before there was one. */
export async function openSupergraph(
  from: string,
  config: Config,
  { context, port }: { readonly context: CommandContext; readonly port: number },
): Promise<OpenedSupergraph | null> {
  if (from === STANDARD_INPUT) return { supergraphSdl: await context.input(), ...NOT_KEPT, source: null }
  if (!isUrl(from)) {
    // Before it is read: what is written in between is seen as a change.
    const seen = await fileSignature(from).catch(() => null)
    return { supergraphSdl: await readSupergraphFile(from), ...NOT_KEPT, source: fileSource(from, seen) }
  }
  const source = urlSource({ url: from, token: config.operating.supergraphToken })
  const { supergraphCopy } = config.operating
  const copy = supergraphCopy === null ? null : new SupergraphCopy(supergraphCopy, source.name, systemClock)
  const found = await readWhenThere({ source, copy }, config, { context, port })
  return found === null ? null : { source, copy, ...found }
}

const NOT_KEPT = { copy: null, stale: null } as const

type Found = Pick<OpenedSupergraph, 'supergraphSdl' | 'stale'>

async function readWhenThere(
  { source, copy }: { readonly source: SupergraphSource; readonly copy: SupergraphCopy | null },
  config: Config,
  { context, port }: { readonly context: CommandContext; readonly port: number },
): Promise<Found | null> {
  const logger = createRoleLogger(config, context.terminal)
  const waiting = new Waiting(config.host, port, logger)
  try {
    for (let attempt = 0; !context.stop.aborted; attempt++) {
      try {
        const supergraphSdl = await source.read(true, context.stop)
        return supergraphSdl === null ? null : { supergraphSdl, stale: null }
      } catch (error) {
        if (context.stop.aborted) return null
        const kept = await fromCopy(copy, error, logger)
        if (kept !== null) return kept
        await waiting.tell(error)
        await systemClock.sleep(Math.min(DELAY_MS * 2 ** attempt, source.pollMs), context.stop).catch(() => undefined)
      }
    }
    return null
  } finally {
    await waiting.close()
  }
}

/** A copy that cannot be read is told of, and waited past. */
async function fromCopy(copy: SupergraphCopy | null, error: unknown, logger: Logger): Promise<Found | null> {
  try {
    const kept = (await copy?.read()) ?? null
    if (kept === null) return null
    const { supergraphSdl, seenAtMs } = kept
    const ageSeconds = Math.round((systemClock.now() - seenAtMs) / 1_000)
    const message = 'The supergraph cannot be read. The copy of the last one that was served is, until it can be.'
    logger.warn({ err: error, supergraph: supergraphId(supergraphSdl), ageSeconds }, message)
    return { supergraphSdl, stale: { why: error instanceof Error ? error.message : String(error), seenAtMs } }
  } catch (unreadable) {
    logger.warn({ err: unreadable }, 'The copy of the supergraph cannot be read.')
    return null
  }
}

/** Soon again at first: a registry and its gateways may be started together. */
const DELAY_MS = 500

/** Listens in the gateway's place, and says that it is not ready. */
class Waiting {
  readonly #host: string
  readonly #port: number
  readonly #logger: Logger
  readonly #health = createRoleHealth(null)
  #server: RoleServer | null = null
  #told = ''

  constructor(host: string, port: number, logger: Logger) {
    this.#host = host
    this.#port = port
    this.#logger = logger
  }

  async tell(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error)
    this.#health.waitFor(`no supergraph yet: ${reason}`)
    if (reason !== this.#told)
      this.#logger.warn({ err: error }, 'The gateway has no supergraph yet. It asks until it has.')
    this.#told = reason
    this.#server ??= await this.#listen()
  }

  async close(): Promise<void> {
    await this.#server?.close()
  }

  async #listen(): Promise<RoleServer> {
    const metrics = createMetrics()
    const options = { host: this.#host, port: this.#port, logger: this.#logger, health: this.#health, metrics }
    try {
      return await startRoleServer(options)
    } catch (error) {
      const message = `Port ${this.#port} on ${this.#host} cannot be opened. Name another: --port, or the setting PORT.`
      throw new MeshgateError('PORT_IN_USE', message, error)
    }
  }
}
