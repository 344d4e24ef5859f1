// `meshgate load`: records from a file into a product's topic, and on into its tables. Through the process that holds the data directory
// where there is one, else by an ingest of its own; on servers through the ingest that runs for the product.
import { Command, Option } from 'commander'
import type { Logger } from 'pino'
import { entityToLoad, loadFile } from '../../ingest/load/load-file.ts'
import { summarizeRejected } from '../../ingest/dead-letter/rejected-summary.ts'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { readConfig } from '../../platform/config.ts'
import { openPlatform, type Platform } from '../../platform/main.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { urlOfHolder } from '../data-directory-holder.ts'
import { readFoldSources } from '../fold-sources.ts'
import { estimatedTotal, type LoadOutcome, type LoadWork } from '../load-work.ts'
import { count, countOf, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { describeReasons } from '../rejected-records.ts'
import { createRoleLogger } from '../role-logger.ts'
import { sendFile } from '../send-file.ts'
import { watchIngest } from '../watch-ingest.ts'
import { withParts } from '../with-parts.ts'
import { withServers } from '../with-servers.ts'

const FORMATS = { csv: 'CSV', ndjson: 'NDJSON' } as const

interface Options {
  readonly entity?: string
  readonly format?: keyof typeof FORMATS
}

const MORE_HELP = `
CSV: a column goes where the product reads that name; dotted names (location.city) are paths. Numbers, true and false
become what the field's type needs, a cell of a nested type is JSON, an empty cell is no value (of a String, empty text).

A product of format TEXT takes the lines of any text file, e.g. of a log: its pattern says what a line holds. A line without
a key of its own is known by its bytes, so that a file that has grown is loaded again and adds what is new in it.

Rejected records stop nothing. They are counted, their reasons are told, and they lie whole in the topic <topic>.rejected.

By itself, a load takes each record once: started again it goes on where it was, or says that there is nothing to do.
Through a running process a file that is loaded again is appended again: nothing changes where the product names a
version, else its records count as the newest.

On Kafka and Cassandra the records go into the topic, each once, and the command waits until the running
\`meshgate ingest\` has taken them all.`

/** Of a load that was stopped by a signal; started again it goes on where it was. */
const NOT_FINISHED = 'Stopped before the end. The same command goes on from here.\n'

export function loadCommand(run: RunCommand): Command {
  return new Command('load')
    .description("load a file of records, CSV, NDJSON or lines of text, plain or gzipped, into a product's topic")
    .argument('<PRODUCT>', 'a product.graphql, its folder, or domain/name of the project')
    .argument('<FILE>', 'records: CSV with a header line, one JSON object per line, or the lines of a log')
    .option('-e, --entity <NAME>', 'the entity, where the product has several with a source')
    .addOption(
      new Option('-f, --format <FORMAT>', 'format of the file (default: by its name)').choices(Object.keys(FORMATS)),
    )
    .addHelpText(
      'after',
      examples([
        ['meshgate load sales/orders orders.ndjson.gz', 'while `meshgate dev` runs, through it; else by itself'],
        ['meshgate load customers/customers new.csv --entity Customer', 'CSV: columns by the names in the header'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((path: string, file: string, options: Options) => run((context) => load(path, file, { options, context })))
}

async function load(
  path: string,
  file: string,
  { options, context }: { readonly options: Options; readonly context: CommandContext },
): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  const source = {
    kind: 'file',
    path: file,
    ...(options.format === undefined ? {} : { format: FORMATS[options.format] }),
  } as const
  const work = { product, source, config, context, ...(options.entity === undefined ? {} : { entity: options.entity }) }
  const logger = createRoleLogger(config, terminal)
  const url = config.servers === null ? await urlOfHolder(config) : null
  const outcome =
    config.servers !== null
      ? await loadOnServers(work, logger, `meshgate ingest ${path}`)
      : url === null
        ? await loadHere(work, logger)
        : await sendFile({ ...work, url })
  if (outcome === null) {
    terminal.report(NOT_FINISHED)
    return EXIT.failure
  }
  terminal.print(summary(outcome))
  terminal.report(describeReasons(entityToLoad(product, options.entity).source.topic, outcome.reasons))
  return EXIT.ok
}

/** Null when it was stopped. */
async function loadHere(work: LoadWork, logger: Logger): Promise<LoadOutcome | null> {
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const platform = await openPlatform(work.config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock } = platform
    const sources = await readFoldSources([work.product])
    const products = [work.product]
    const ingest = await startIngest({
      products,
      ...sources,
      log,
      store,
      clock,
      logger: watch.logger,
      tellsQuality: true,
    })
    parts.defer(() => ingest.close())
    return loadInto({ platform, ingest, failed: watch.failed }, work)
  })
}

/** Null when it was stopped. The records are ingested by the processes that run for it. */
async function loadOnServers(work: LoadWork, logger: Logger, command: string): Promise<LoadOutcome | null> {
  const { product, config, context } = work
  return withServers({ config, context, logger, products: [product], command }, ({ platform, ingest }) =>
    loadInto({ platform, ingest }, work),
  )
}

interface Target {
  readonly platform: Pick<Platform, 'log' | 'clock'>
  readonly ingest: Pick<Ingest, 'caughtUp'>
  readonly failed?: Promise<never>
}

async function loadInto({ platform, ingest, failed }: Target, work: LoadWork): Promise<LoadOutcome | null> {
  const { product, entity, source, context } = work
  const { log, clock } = platform
  const { topic } = entityToLoad(product, entity).source
  const before = await summarizeRejected(log, topic, { from: 'end' })
  const progress = createProgress(context.terminal, clock)
  const label = `${product.domain}/${product.name}`
  const loading = loadFile({
    product,
    ...(entity === undefined ? {} : { entity }),
    source,
    log,
    clock,
    ingest,
    onProgress: ({ records, bytes }) =>
      progress.update({ label, done: records, total: estimatedTotal(records, bytes) }),
  })
  // After a stop it ends with the log, and its error says no more than that.
  loading.catch(() => undefined)
  const ends = failed === undefined ? [loading] : [loading, failed]
  const result = await Promise.race([...ends, stopped(context).then(() => null)])
  if (result === null) return null
  if (!result.alreadyLoaded) progress.finish({ label, done: result.records, total: result.records })
  return { ...result, reasons: (await summarizeRejected(log, topic, { from: before.ends })).reasons }
}

function summary({ alreadyLoaded, records, written, rejected }: LoadOutcome): string {
  const counts = `${countOf(records, 'record')}: ${count(written)} written, ${count(rejected)} rejected.`
  return alreadyLoaded ? `Already loaded, nothing to do. ${counts}\n` : `${counts}\n`
}
