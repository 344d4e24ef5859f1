// `meshgate replay --beside`: new tables asked for and watched until they have taken over; on the servers, through the process that holds
// the data directory, or by an ingest of its own.
import { randomUUID } from 'node:crypto'
import { request } from 'undici'
import { TableLedger } from '../ingest/beside/table-ledger.ts'
import { askForTables, type TablesAction } from '../ingest/beside/table-routes.ts'
import { tablesStatus, type TablesStatus } from '../ingest/beside/table-work.ts'
import { startIngest } from '../ingest/main.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { openPlatform, type Platform } from '../platform/main.ts'
import { systemClock } from '../platform/system-clock.ts'
import { productKey } from '../platform/table-generations.ts'
import { urlOfHolder } from './data-directory-holder.ts'
import type { IngestStatus } from './ingest-routes.ts'
import type { ReplayWork } from './replay-access.ts'
import { refusedByHolder } from './holder-answer.ts'
import { watchIngest } from './watch-ingest.ts'
import { withParts } from './with-parts.ts'
import { withServers } from './with-servers.ts'

export interface BesideOptions {
  readonly action: TablesAction['action']
  readonly seed: 'topic' | 'scan'
  readonly wait: boolean
}

interface Tables {
  ask(asked: TablesAction): Promise<void>
  status(): Promise<TablesStatus>
  /** Whether the work goes on when this command ends. */
  readonly elsewhere: boolean
}

/** Null when it was stopped. */
export async function replayBeside(work: ReplayWork, options: BesideOptions): Promise<'ended' | null> {
  const { action, seed } = options
  const asked: TablesAction = action === 'build' ? { action, seed, id: randomUUID() } : { action }
  let told = false
  return withTables(work, async (tables) => {
    // Again after an outage: what holds is only watched.
    if (!told || action === 'build') await askOrGoOn(work, tables, asked)
    told = true
    return watchTables(work, tables, options)
  })
}

/** Where nobody else ingests, the same build asked for again is the one that was stopped: what it has filled stays. */
async function askOrGoOn({ context }: ReplayWork, tables: Tables, asked: TablesAction): Promise<void> {
  const building = tables.elsewhere || asked.action !== 'build' ? null : (await tables.status()).building
  if (building !== null && building.failed === null && asked.action === 'build' && building.seed === asked.seed) {
    context.terminal.print(`Goes on with generation ${building.generation}, which was asked for before.\n`)
    return
  }
  await tables.ask(asked)
}

/** As long as it takes: a build ends when the former tables are written no more. */
async function watchTables(
  { context, product }: ReplayWork,
  tables: Tables,
  { action, wait }: BesideOptions,
): Promise<'ended' | null> {
  const { terminal, stop } = context
  let said = ''
  for (;;) {
    const status = await tables.status()
    const line = describe(status)
    if (line !== said) terminal.print(`${productKey(product)}: ${line}\n`)
    said = line
    const { building, kept, dropping } = status
    if (building?.failed) throw new MeshgateError('TABLES_REFUSED', building.failed)
    const isOver = action === 'build' ? building === null && kept === null : dropping.length === 0
    if (isOver) return 'ended'
    if ((!wait || action !== 'build') && tables.elsewhere) {
      terminal.print('It goes on by itself: GET /ingest of a process that ingests shows how far it is.\n')
      return 'ended'
    }
    if (stop.aborted) return null
    await systemClock.sleep(limits.replayPollMs, stop).catch(() => undefined)
  }
}

function describe({ live, building, kept, retired, dropping }: TablesStatus): string {
  if (building !== null) {
    const { generation, phase, partsReady, parts } = building
    if (phase === 'filling')
      return `generation ${generation} is being filled, ${partsReady} of ${parts} parts are whole.`
    return `generation ${generation} is whole and written with generation ${live}; readers change over soon.`
  }
  if (kept !== null) return `generation ${live} is read; generation ${kept} is still written for a moment.`
  if (dropping.length > 0)
    return `generation ${live} is read; generation ${dropping.join(', ')} is dropped when nobody can use it.`
  const rest = retired.length === 0 ? '' : ` Former tables stay until \`--drop-old\`: generation ${retired.join(', ')}.`
  return `generation ${live} is read.${rest}`
}

/** Null when it was stopped. `use` may run again after an outage. */
async function withTables<T>(work: ReplayWork, use: (tables: Tables) => Promise<T>): Promise<T | null> {
  const { config, product, logger } = work
  if (config.servers !== null) {
    return withServers({ ...work, products: [product] }, ({ platform }) => use(tablesHere(work, platform, true)))
  }
  const url = await urlOfHolder(config)
  if (url !== null) return use(tablesOf(work, url))
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock } = platform
    const ingest = await startIngest({ products: [product], log, store, clock, logger: watch.logger })
    parts.defer(() => ingest.close())
    const used = use(tablesHere(work, platform, false))
    used.catch(() => undefined)
    return Promise.race([used, watch.failed])
  })
}

function tablesHere(
  { product }: ReplayWork,
  { log, clock }: Pick<Platform, 'log' | 'clock'>,
  elsewhere: boolean,
): Tables {
  const ledger = new TableLedger({ log, clock })
  const name = productKey(product)
  return {
    elsewhere,
    async ask(asked) {
      await askForTables({ log, clock, products: [product] }, name, asked)
    },
    async status() {
      await ledger.readOn()
      return tablesStatus(ledger.of(name), { left: 0, rows: 0 })
    },
  }
}

/** Through the process at the address. */
function tablesOf({ product, context }: ReplayWork, url: string): Tables {
  const name = productKey(product)
  return {
    elsewhere: true,
    async ask(asked) {
      const response = await request(`${url}/ingest/tables/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(asked),
        signal: context.stop,
      })
      const text = await response.body.text()
      if (response.statusCode >= 300) throw refusedByHolder(url, response.statusCode, text)
    },
    async status() {
      const response = await request(`${url}/ingest`)
      const text = await response.body.text()
      const status = response.statusCode === 200 ? (JSON.parse(text) as IngestStatus).tables[name] : undefined
      if (status === undefined) throw refusedByHolder(url, response.statusCode, text)
      return status
    },
  }
}
