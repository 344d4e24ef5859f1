// `meshgate check`: every problem of the products named, or what would be created for them.
import { Command } from 'commander'
import type { Product } from '../../schema/model.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { TableDefinition } from '../../schema/tables.ts'
import type { TopicDefinition } from '../../schema/topics.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { readProducts } from '../read-products.ts'
import { examples, productArguments } from '../command-help.ts'

export function checkCommand(run: RunCommand): Command {
  return new Command('check')
    .description('print every problem of products, each with file, line and what to write instead; or "ok"')
    .addArgument(productArguments())
    .option('-v, --verbose', 'also print the tables and topics that would be created')
    .addHelpText(
      'after',
      examples([
        ['meshgate check', 'all products of the project, and how they fit together'],
        ['meshgate check sales/orders', 'one product'],
        ['meshgate check sales/orders --verbose', 'and what would be created for it'],
      ]),
    )
    .action((paths: string[], options: { verbose?: boolean }) =>
      run((context) => check(paths, options.verbose === true, context)),
    )
}

async function check(paths: readonly string[], verbose: boolean, { terminal }: CommandContext): Promise<ExitCode> {
  const { products, diagnostics, refused } = await readProducts(paths)
  for (const diagnostic of diagnostics) terminal.print(`${formatDiagnostic(diagnostic)}\n`)
  if (verbose) for (const product of products) terminal.print(describeProduct(product))
  if (refused) return EXIT.failure
  terminal.print('ok\n')
  return EXIT.ok
}

function describeProduct(product: Product): string {
  const lines = [
    `${product.domain}/${product.name} ${product.version}`,
    ...emitTopics(product).map((topic) => `  topic ${describeTopic(topic)}`),
    ...emitTables(product).map((table) => `  table ${describeTable(table)}`),
  ]
  return `${lines.join('\n')}\n`
}

function describeTopic(topic: TopicDefinition): string {
  const kept = topic.retentionMs === null ? 'kept for ever' : `kept for ${topic.retentionMs / 3_600_000} h`
  return `${topic.name}: ${topic.partitions} partitions, ${kept}${topic.compacted ? ', compacted' : ''}`
}

function describeTable(table: TableDefinition): string {
  const clustering = table.clusteringKey.map(({ column, order }) => `${column}${order === 'DESC' ? ' desc' : ''}`)
  const key = [`(${table.partitionKey.join(', ')})`, ...clustering].join(', ')
  return `${table.name}: key (${key}); ${table.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`
}
