// `meshgate load`: records from a file into a product's topic, and on into its tables. Through the process that holds the data directory
// where there is one, else by an ingest of its own.
import { Command, Option } from 'commander'
import { loadFile, type LoadResult } from '../../ingest/load/load-file.ts'
import { startIngest } from '../../ingest/main.ts'
import { readConfig } from '../../platform/config.ts'
import { readLock } from '../../platform/data-directory.ts'
import { openPlatform } from '../../platform/main.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { estimatedTotal, type LoadWork } from '../load-work.ts'
import { count, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'
import { sendFile } from '../send-file.ts'

interface Options {
  readonly entity?: string
  readonly format?: 'CSV' | 'NDJSON'
}

/** Of a load that was stopped by a signal; started again it goes on where it was. */
const NOT_FINISHED = 'Stopped before the end. The same command goes on from here.\n'

export function loadCommand(run: RunCommand): Command {
  return new Command('load')
    .description("load a file of records, CSV or NDJSON, plain or gzipped, into a product's topic: each record once")
    .argument('<PRODUCT>', 'a product.graphql or its folder')
    .argument('<FILE>', 'records: CSV with a header line, or one JSON object per line')
    .option('-e, --entity <NAME>', 'the entity, where the product has several with a source')
    .addOption(
      new Option('-f, --format <FORMAT>', 'format of the file (default: by its name)')
        .choices(['csv', 'ndjson'])
        .argParser((text: string) => text.toUpperCase()),
    )
    .addHelpText(
      'after',
      examples([
        ['meshgate load subgraphs/sales orders.ndjson.gz', 'while `meshgate dev` runs, through it; else by itself'],
        ['meshgate load subgraphs/customers new.csv --entity Customer', 'CSV: columns by the names in the header'],
      ]),
    )
    .addHelpText('after', '\nRejected records are counted, and lie in the topic <topic>.rejected with the reasons.')
    .action((path: string, file: string, options: Options) => run((context) => load(path, file, { options, context })))
}

async function load(
  path: string,
  file: string,
  { options, context }: { readonly options: Options; readonly context: CommandContext },
): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment)
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  const source = {
    kind: 'file',
    path: file,
    ...(options.format === undefined ? {} : { format: options.format }),
  } as const
  const work = { product, source, config, context, ...(options.entity === undefined ? {} : { entity: options.entity }) }
  const holder = await readLock(config.dataDirectory)
  const result = holder?.url === undefined ? await loadHere(work) : await sendFile({ ...work, url: holder.url })
  if (result === null) {
    terminal.report(NOT_FINISHED)
    return EXIT.failure
  }
  terminal.print(summary(result))
  return EXIT.ok
}

/** Null when it was stopped. */
async function loadHere({ product, entity, source, config, context }: LoadWork): Promise<LoadResult | null> {
  const logger = createRoleLogger(config, context.terminal)
  const parts = new AsyncDisposableStack()
  try {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const ingest = await startIngest({ products: [product], ...platform, logger })
    parts.defer(() => ingest.close())
    const progress = createProgress(context.terminal, systemClock)
    const label = `${product.domain}/${product.name}`
    const loading = loadFile({
      product,
      ...(entity === undefined ? {} : { entity }),
      source,
      log: platform.log,
      clock: platform.clock,
      ingest,
      onProgress: ({ records, bytes }) =>
        progress.update({ label, done: records, total: estimatedTotal(records, bytes) }),
    })
    // After a stop it ends with the log, and its error says no more than that.
    loading.catch(() => undefined)
    const result = await Promise.race([loading, stopped(context).then(() => null)])
    if (result !== null && !result.alreadyLoaded)
      progress.finish({ label, done: result.records, total: result.records })
    return result
  } finally {
    await parts.disposeAsync()
  }
}

function summary({ alreadyLoaded, records, written, rejected }: LoadResult): string {
  const counts = `${count(records)} records: ${count(written)} written, ${count(rejected)} rejected.`
  return alreadyLoaded ? `Already loaded, nothing to do. ${counts}\n` : `${counts}\n`
}
