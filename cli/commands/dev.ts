// `meshgate dev`: every role in one process, with the sample loaded through the real ingest on the first start.
import { setFlagsFromString } from 'node:v8'
import { Command } from 'commander'
import type { Product } from '../../schema/model.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { loadSample, type SampleState } from '../load-sample.ts'
import { startMesh, type Mesh } from '../mesh.ts'
import { count, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import type { RoleHealth } from '../role-health.ts'
import { runRole, startWhileAway, type RoleProcess } from '../run-role.ts'
import { sampleQueries } from '../sample-queries.ts'
import { urlHost } from '../url-host.ts'
import { watchIngest, type IngestWatch } from '../watch-ingest.ts'

/**
 * What the heap may grow by between two collections once all is loaded. The launcher's 40 % keep the first load small; live records then cost a sixth
 * more CPU than with these (docs/decisions/first-start.md).
 */
const LIVE_HEAP_GROWING_PERCENT = 80

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
  const products = await readProductsToRun(paths, context.terminal)
  if (products === null) return EXIT.failure
  return runRole(context, { servers: true }, async (role) => {
    const watch = watchIngest(role.logger, 'info')
    const port = options.port ?? role.config.port
    const mesh = await startMesh(role, { products, port, ingestLogger: watch.logger })
    await becomeReady(role, { mesh, products, watch, sample: options.sample })
  })
}

interface Starting {
  readonly mesh: Mesh
  readonly products: readonly Product[]
  readonly watch: IngestWatch
  readonly sample: boolean
}

/** Resolves when all that is there is ingested, the sample included, or when it is stopped before. */
async function becomeReady(role: RoleProcess, starting: Starting): Promise<void> {
  const { health, config, context } = role
  const { mesh, products, watch, sample } = starting
  const url = `http://${urlHost(config.host)}:${mesh.gateway.port}`
  context.terminal.print(`Meshgate listens on ${url}\n`)
  const loading = startWhileAway(role, () =>
    sample ? loadAll(mesh, products, health, context) : mesh.ingest.caughtUp(),
  )
  // What is still running when a stop comes ends with the mesh, and its error with it.
  loading.catch(() => undefined)
  await Promise.race([loading, watch.failed, stopped(context)])
  if (context.stop.aborted) return
  watch.end()
  setFlagsFromString(`--heap-growing-percent=${LIVE_HEAP_GROWING_PERCENT}`)
  health.waitFor(null)
  context.terminal.print(welcome(url, sample))
}

async function loadAll(
  mesh: Mesh,
  products: readonly Product[],
  health: RoleHealth,
  { terminal, stop }: CommandContext,
): Promise<void> {
  const { log, clock } = mesh.platform
  const progress = createProgress(terminal, clock)
  const label = 'Loading FoodMart'
  const onState = ({ done, total }: SampleState) => {
    health.waitFor(`the sample is being loaded: ${count(done)} of ${count(total)} records`)
    if (done > 0 && done < total) progress.update({ label, done, total })
  }
  const result = await loadSample({ log, clock, ingest: mesh.ingest, products, onState, stop })
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
    ['Metrics', `${url}/metrics`],
  ]
  const addresses = lines.map(([name = '', address]) => `  ${name.padEnd(15)}${address}`).join('\n')
  const query = sample ? `\nA query to paste there:\n\n${sampleQueries[0]?.query ?? ''}` : ''
  return `\nReady.\n${addresses}\n${query}\nCtrl-C stops.\n`
}
