// `meshgate dev`: every role in one process, with the sample loaded through the real ingest on the first start.
import { Command } from 'commander'
import { readConfig } from '../../platform/config.ts'
import type { Product } from '../../schema/model.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { loadSample, type SampleState } from '../load-sample.ts'
import { startMesh, urlHost, type Mesh } from '../mesh.ts'
import { count, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { createReadiness, type Readiness } from '../readiness.ts'
import { createRoleLogger } from '../role-logger.ts'
import { sampleQueries } from '../sample-queries.ts'
import { watchIngest, type IngestWatch } from '../watch-ingest.ts'
import { withParts } from '../with-parts.ts'

interface Options {
  readonly port?: number
  /** False with --no-sample. */
  readonly sample: boolean
}

export function devCommand(run: RunCommand): Command {
  return new Command('dev')
    .description(
      'run everything in one process: ingest, a subgraph per product, and the gateway; with the sample loaded',
    )
    .addArgument(productArguments())
    .addOption(portOption())
    .option('--no-sample', 'load nothing')
    .addHelpText(
      'after',
      examples([
        ['meshgate dev', 'the products of the project, on http://localhost:4000/'],
        ['PORT=8080 meshgate dev', 'on another port'],
        ['MESHGATE_DATA_DIR=/tmp/mesh meshgate dev', 'with the data elsewhere'],
        ['meshgate dev parcels.graphql --no-sample', 'a product of your own, and no data'],
      ]),
    )
    .action((paths: string[], options: Options) => run((context) => runDev(paths, options, context)))
}

async function runDev(paths: readonly string[], options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const settings = readConfig(context.environment)
  const config = { ...settings, port: options.port ?? settings.port }
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  const logger = createRoleLogger(config, terminal)
  const readiness = createReadiness()
  const watch = watchIngest(logger)
  return withParts(async (parts) => {
    const mesh = await startMesh({ config, products, logger, ingestLogger: watch.logger, ready: readiness.state })
    parts.defer(() => mesh.close())
    await runUntilStopped({ mesh, products, readiness, watch, options, host: config.host }, context)
    return EXIT.ok
  })
}

interface Running {
  readonly mesh: Mesh
  readonly products: readonly Product[]
  readonly readiness: Readiness
  readonly watch: IngestWatch
  readonly options: Options
  readonly host: string
}

async function runUntilStopped(running: Running, context: CommandContext): Promise<void> {
  const { mesh, products, readiness, watch, options, host } = running
  const url = `http://${urlHost(host)}:${mesh.gateway.port}`
  context.terminal.print(`Meshgate listens on ${url}\n`)
  const loading = options.sample ? loadAll(mesh, products, readiness, context) : mesh.ingest.caughtUp()
  // What is still running when a stop comes ends with the mesh, and its error with it.
  loading.catch(() => undefined)
  await Promise.race([loading, watch.failed, stopped(context)])
  if (context.stop.aborted) return
  watch.end()
  readiness.done()
  context.terminal.print(welcome(url, options.sample))
  await stopped(context)
}

async function loadAll(
  mesh: Mesh,
  products: readonly Product[],
  readiness: Readiness,
  { terminal, stop }: CommandContext,
): Promise<void> {
  const progress = createProgress(terminal, mesh.platform.clock)
  const label = 'Loading FoodMart'
  const onState = (state: SampleState) => {
    readiness.loading(state)
    if (state.done > 0 && state.done < state.total) progress.update({ label, ...state })
  }
  const result = await loadSample({ mesh, products, onState, stop })
  if (!result.alreadyLoaded) progress.finish({ label, done: result.records, total: result.records })
  if (result.rejected > 0)
    terminal.report(`${count(result.rejected)} records were rejected: see /ingest/rejected/{topic}\n`)
}

function welcome(url: string, sample: boolean): string {
  const lines = [
    ['Page', `${url}/`],
    ['GraphQL', `${url}/graphql`],
    ['Subscriptions', `${url.replace('http', 'ws')}/graphql`],
    ['Schema', `${url}/schema.graphql`],
    ['Records', `POST ${url}/topics/{topic}`],
    ['Rejected', `${url}/ingest/rejected/{topic}`],
    ['Health', `${url}/health/ready`],
  ]
  const addresses = lines.map(([name = '', address]) => `  ${name.padEnd(15)}${address}`).join('\n')
  const query = sample ? `\nA query to paste there:\n\n${sampleQueries[0]?.query ?? ''}` : ''
  return `\nReady.\n${addresses}\n${query}\nCtrl-C stops.\n`
}
