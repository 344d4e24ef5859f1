// `meshgate replay --beside`: new tables asked for and watched until they have taken over; on the servers, through the process that holds
// the data directory, or by an ingest of its own.
import { randomUUID } from 'node:crypto'
import { request } from 'undici'
import { TableLedger } from '../ingest/beside/table-ledger.ts'
import { askForTables, type TablesAction } from '../ingest/beside/table-routes.ts'
import { tablesStatus, type TablesStatus } from '../ingest/beside/table-work.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import type { Platform } from '../platform/main.ts'
import { systemClock } from '../platform/system-clock.ts'
import { productKey } from '../platform/table-generations.ts'
import type { IngestStatus } from './ingest-routes.ts'
import { refusedByHolder } from './holder-answer.ts'
import { withProduct, type ProductWork } from './with-product.ts'

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
export async function replayBeside(work: ProductWork, options: BesideOptions): Promise<'ended' | null> {
  const { action, seed } = options
  const asked: TablesAction = action === 'build' ? { action, seed, id: randomUUID() } : { action }
  let told = false
  const use = async (tables: Tables): Promise<'ended' | null> => {
    // Again after an outage: what holds is only watched.
    if (!told || action === 'build') await askOrGoOn(work, tables, asked)
    told = true
    return watchTables(work, tables, options)
  }
  return withProduct(work, true, {
    here: ({ platform, elsewhere }) => use(tablesHere(work, platform, elsewhere)),
    through: (url) => use(tablesOf(work, url)),
  })
}

/** Where nobody else ingests, the same build asked for again is the one that was stopped: what it has filled stays. */
async function askOrGoOn({ context }: ProductWork, tables: Tables, asked: TablesAction): Promise<void> {
  const building = tables.elsewhere || asked.action !== 'build' ? null : (await tables.status()).building
  if (building !== null && building.failed === null && asked.action === 'build' && building.seed === asked.seed) {
    context.terminal.print(`Goes on with generation ${building.generation}, which was asked for before.\n`)
    return
  }
  await tables.ask(asked)
}

/** As long as it takes: a build ends when the former tables are written no more. */
async function watchTables(
  { context, product }: ProductWork,
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

function tablesHere(
  { product }: ProductWork,
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
function tablesOf({ product, context }: ProductWork, url: string): Tables {
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
