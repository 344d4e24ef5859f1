// `meshgate digest`: what queries see of a product, as one number per table. Two meshes with the same digests answer alike.
import { Command } from 'commander'
import { request } from 'undici'
import { digestProduct, type ProductDigest } from '../../ingest/digest/digest-product.ts'
import { readConfig } from '../../platform/config.ts'
import { createGenerationStore } from '../../platform/generation-store.ts'
import { createServersHealth, openPlatform } from '../../platform/main.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Product } from '../../schema/model.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { urlOfHolder } from '../data-directory-holder.ts'
import { refusedByHolder } from '../holder-answer.ts'
import { count, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger, withoutAdvice } from '../role-logger.ts'
import { withParts } from '../with-parts.ts'

interface Options {
  readonly json?: true
}

const MORE_HELP = `
The digest of a table is the sum of the SHA-256 of its visible rows, each as JSON: columns by name, no spaces, no nulls.
It depends on nothing else: not on the order of writes, the store or the number of partitions. Tables of one entity that hold the same
rows have the same digest; where a further table does not hold what its base says, the command fails.

It reads whole tables. While records are being ingested it may meet some of them and others not: compare when all is
ingested.`

export function digestCommand(run: RunCommand): Command {
  return new Command('digest')
    .description('digest of what queries see of a product, to compare before and after')
    .argument('<PRODUCT>', 'a product.graphql, its folder, or domain/name of the project')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      examples([
        ['meshgate digest sales/orders', 'rows and digest of every table'],
        ['meshgate digest sales/orders --json', 'for scripts'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((path: string, options: Options) => run((context) => digest(path, options, context)))
}

async function digest(path: string, options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal, stop } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  const url = config.servers === null ? await urlOfHolder(config) : null
  const digested = await (url === null ? digestHere(product, context) : digestOf(url, product, stop)).catch(
    (error: unknown) => {
      if (stop.aborted) return null
      throw error
    },
  )
  if (digested === null) {
    terminal.report('Stopped before the end.\n')
    return EXIT.failure
  }
  terminal.print(options.json ? `${JSON.stringify(digested)}\n` : describe(digested))
  return digested.agrees ? EXIT.ok : EXIT.failure
}

async function digestHere(product: Product, context: CommandContext): Promise<ProductDigest> {
  const { terminal, stop } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const logger = createRoleLogger(config, terminal)
  return withParts(async (parts) => {
    const health = createServersHealth(config, logger)
    const platform = await openPlatform(config, withoutAdvice(logger), { health, stop })
    parts.defer(() => platform.close())
    const { store, clock } = platform
    const label = `${product.domain}/${product.name}`
    const tables = emitTables(product)
    const live = createGenerationStore({ store, clock, products: [{ product: label, tables }] })
    await live.migrate(tables)
    const progress = createProgress(terminal, clock)
    const onRows = (rows: number): void => progress.update({ label, done: rows, total: null })
    return digestProduct(live, product, { onRows, signal: stop })
  })
}

async function digestOf(url: string, product: Product, signal: AbortSignal): Promise<ProductDigest> {
  const name = `${product.domain}/${product.name}`
  // As long as it takes: whole tables are read.
  const response = await request(`${url}/ingest/digest/${name}`, { headersTimeout: 0, signal })
  const text = await response.body.text()
  if (response.statusCode === 200) return JSON.parse(text) as ProductDigest
  throw refusedByHolder(url, response.statusCode, text)
}

function describe({ tables, agrees }: ProductDigest): string {
  const width = Math.max(...tables.map(({ table }) => table.length), 0)
  const lines = tables.map(({ table, rows, digest: sum, agrees: same }) => {
    const note = same === false ? '  differs from its base' : ''
    return `${table.padEnd(width)}  ${sum}  ${count(rows).padStart(11)} rows${note}\n`
  })
  const hint = 'Tables differ. Where records are being ingested, try again; else `meshgate replay` writes them anew.\n'
  return `${lines.join('')}${agrees ? '' : hint}`
}
