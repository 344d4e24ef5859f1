// `meshgate sample`: the sample that ships with the project, into a mesh that runs or into the data directory.
import { Command } from 'commander'
import type { Logger } from 'pino'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { entityToLoad } from '../../ingest/load/load-file.ts'
import { sourceRecords } from '../../ingest/sources/load-record.ts'
import { readConfig, type Config } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { openPlatform, type Platform } from '../../platform/main.ts'
import type { Product } from '../../schema/model.ts'
import { sampleLoads } from '../../samples/sample-loads.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, productArguments } from '../command-help.ts'
import { urlOfHolder } from '../data-directory-holder.ts'
import { readFoldSources } from '../fold-sources.ts'
import { entityOfLoad, loadSample, type SampleResult } from '../load-sample.ts'
import { count, countOf, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'
import { sendRecords } from '../send-file.ts'
import { watchIngest } from '../watch-ingest.ts'
import { withParts } from '../with-parts.ts'
import { withServers } from '../with-servers.ts'

const MORE_HELP = `
On Kafka and Cassandra the records go into the topics, each once however often the command is repeated, and it waits until
the running \`meshgate ingest\` has taken them all, and made what the products named derive from others. Embedded they go
through the process that holds the data directory (sent again they change nothing), or are loaded, once, by the command
itself. \`meshgate dev\` loads them without it.`

export function sampleCommand(run: RunCommand): Command {
  return new Command('sample')
    .description('load the sample, FoodMart: the customers, catalog and sales of a retailer')
    .addArgument(productArguments())
    .addHelpText(
      'after',
      examples([
        ['meshgate sample', 'for all products of the project'],
        ['meshgate sample sales/orders', 'the orders alone'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((paths: string[]) => run((context) => sample(paths, context)))
}

interface SampleWork {
  readonly config: Config
  readonly context: CommandContext
  readonly logger: Logger
  /** Those that have a sample. */
  readonly products: readonly Product[]
  /** All that were named: what they derive is waited for, where others ingest. */
  readonly named: readonly Product[]
}

async function sample(paths: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const named = await readProductsToRun(paths, terminal)
  if (named === null) return EXIT.failure
  const products = named.filter((product) => sampleLoads.some((load) => load.product === nameOf(product)))
  if (products.length === 0) {
    const known = sampleLoads.map((load) => load.product).join(', ')
    throw new MeshgateError('CONFIG_INVALID', `None of these products has a sample. Name some of: ${known}.`)
  }
  const logger = createRoleLogger(config, terminal)
  const result = await runSample({ config, context, logger, products, named }, paths)
  if (result === null) {
    terminal.report('Stopped before the end. The same command goes on from here.\n')
    return EXIT.failure
  }
  const counts = `${countOf(result.records, 'record')}: ${count(result.records - result.rejected)} written, ${count(result.rejected)} rejected.`
  terminal.print(result.alreadyLoaded ? `Already loaded, nothing to do. ${counts}\n` : `${counts}\n`)
  return EXIT.ok
}

/** Null when it was stopped. */
async function runSample(work: SampleWork, paths: readonly string[]): Promise<SampleResult | null> {
  const { config } = work
  if (config.servers !== null) {
    const command = ['meshgate ingest', ...paths].join(' ')
    return withServers({ ...work, products: work.named, command }, (target) =>
      load(target, work, limits.sampleLoadsAtOnceMax),
    )
  }
  const url = await urlOfHolder(config)
  return url === null ? loadHere(work) : send(work, url)
}

async function loadHere(work: SampleWork): Promise<SampleResult | null> {
  const { config, logger, products } = work
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const { log, store, clock } = platform
    const sources = await readFoldSources(products)
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
    return Promise.race([load({ platform, ingest }, work), watch.failed])
  })
}

interface Target {
  readonly platform: Pick<Platform, 'log' | 'clock'>
  readonly ingest: Pick<Ingest, 'caughtUp' | 'lag'>
}

async function load(
  { platform, ingest }: Target,
  { context, products }: SampleWork,
  loadsAtOnce = 1,
): Promise<SampleResult | null> {
  const { log, clock } = platform
  const progress = createProgress(context.terminal, clock)
  const label = 'FoodMart'
  const loading = loadSample({
    log,
    clock,
    ingest,
    products,
    loadsAtOnce,
    stop: context.stop,
    onState: ({ done, total }) => {
      if (done > 0 && done < total) progress.update({ label, done, total })
    },
  })
  // After a stop it ends with the log, and its error says no more than that.
  loading.catch(() => undefined)
  const result = await Promise.race([loading, stopped(context).then(() => null)])
  if (result !== null && !result.alreadyLoaded) {
    progress.finish({ label, done: result.records, total: result.records })
  }
  return result
}

/** Null when it was stopped. */
async function send({ context, products }: SampleWork, url: string): Promise<SampleResult | null> {
  const sum = { records: 0, rejected: 0 }
  for (const load of sampleLoads) {
    const product = products.find((one) => nameOf(one) === load.product)
    if (product === undefined) continue
    const source = { kind: 'records', contentHash: '', records: () => load.records() } as const
    const sent = await sendRecords({
      url,
      product,
      topic: load.topic,
      records: sourceRecords(product, entityToLoad(product, entityOfLoad(load, product)), source, () => undefined),
      context,
      estimate: () => load.expected,
    })
    if (sent === null) return null
    sum.records += sent.records
    sum.rejected += sent.rejected
  }
  return { ...sum, alreadyLoaded: false }
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}
