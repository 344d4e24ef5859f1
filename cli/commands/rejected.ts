// `meshgate rejected`: why records of a product are rejected, which they are, and who redrove what.
import { Command, InvalidArgumentError, Option } from 'commander'
import type { RejectedFilter } from '../../ingest/dead-letter/rejected-filter.ts'
import { filterFrom } from '../../ingest/dead-letter/rejected-filter.ts'
import { sourcesOf } from '../../ingest/dead-letter/redrive.ts'
import type { ListedRecord } from '../../ingest/dead-letter/rejected-list.ts'
import { readConfig } from '../../platform/config.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { withDeadLetters, type DeadLetters } from '../dead-letter-access.ts'
import { readProductsToRun } from '../read-products.ts'
import { describeNothing, describeRecord, describeRedrive, describeSummary } from '../rejected-records.ts'
import { createRoleLogger } from '../role-logger.ts'

interface Options {
  readonly list?: true
  readonly audit?: true
  readonly full?: true
  readonly json?: true
  readonly limit: number
  readonly code?: string
  readonly check?: string
  readonly field?: string
  readonly since?: string
  readonly position?: string
}

const LISTED_DEFAULT = 50

const MORE_HELP = `
Open are rejected records that were not redriven since (meshgate redrive), each once however often it failed. A record with
several faults counts for each of them.

With --json the reasons are one JSON object per topic, records and redrives one per line.`

export function rejectedCommand(run: RunCommand): Command {
  return new Command('rejected')
    .description('why records of a product are rejected, grouped by code, check and field; or which they are')
    .argument('<PRODUCT>', 'a product.graphql, its folder, or domain/name of the project')
    .option('-l, --list', 'the records, the one that was rejected last at the end')
    .addOption(
      new Option('--audit', 'who redrove what, when and why').conflicts([
        'list',
        'code',
        'check',
        'field',
        'since',
        'position',
      ]),
    )
    .option('--code <CODE>', 'only those with that error code')
    .option('--check <ID>', 'only those that break that check')
    .option('--field <FIELD>', 'only those with a fault in that field: total, lines.*.amount')
    .option('--since <TIME>', 'only those rejected since: 2026-01-31T08:00:00Z')
    .option('--position <TOPIC:PARTITION:OFFSET>', 'only the record that lay there')
    .addOption(
      new Option('--limit <N>', 'list at most so many, the newest; 0: all')
        .argParser(parseLimit)
        .default(LISTED_DEFAULT)
        .implies({ list: true }),
    )
    .addOption(new Option('--full', 'list values whole').implies({ list: true }))
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      examples([
        ['meshgate rejected sales/orders', 'what is wrong, and how often'],
        ['meshgate rejected sales/orders --list --code RECORD_FIELD_TYPE', 'the records that have a wrong type'],
        ['meshgate rejected sales/orders --list --limit 0 --full --json', 'everything, a line each'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((path: string, options: Options) => run((context) => rejected(path, options, context)))
}

function parseLimit(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a number, or 0 for all.')
  return Number(text)
}

async function rejected(path: string, options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const filter = filterFrom((name) => options[name])
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  const logger = createRoleLogger(config, terminal)
  const topics = sourcesOf(product).map(({ topic }) => topic)
  const work = { product, config, context, logger, command: `meshgate ingest ${path}` }
  const done = await withDeadLetters(work, false, async (letters) => {
    if (options.audit) await printAudit(letters, options, context)
    else if (options.list) await printList(letters, { ...options, topics, filter }, context)
    else await printSummaries(letters, { ...options, topics, filter }, context)
    return true
  })
  return done === null ? EXIT.failure : EXIT.ok
}

interface Question extends Options {
  readonly topics: readonly string[]
  readonly filter: RejectedFilter
}

async function printSummaries(letters: DeadLetters, { topics, filter, json }: Question, { terminal }: CommandContext) {
  for (const topic of topics) {
    const summary = await letters.summary(topic, filter)
    const { open, complete, reasons } = summary
    terminal.print(
      json ? `${JSON.stringify({ topic, open, complete, reasons })}\n` : describeSummary(topic, summary, filter),
    )
  }
}

async function printList(letters: DeadLetters, question: Question, { terminal }: CommandContext): Promise<void> {
  const { topics, filter, json, full = false, limit } = question
  const recordsMax = limit === 0 ? null : limit
  let listed = 0
  const take = async (record: ListedRecord): Promise<void> => {
    listed += 1
    terminal.print(json ? `${JSON.stringify(record)}\n` : describeRecord(record))
  }
  for (const topic of topics) await letters.list(topic, { filter, recordsMax, full }, take)
  if (!json && listed === 0) terminal.print(describeNothing(filter))
}

async function printAudit(letters: DeadLetters, { json }: Options, { terminal }: CommandContext): Promise<void> {
  const redrives = await letters.redrives()
  for (const redrive of redrives) terminal.print(json ? `${JSON.stringify(redrive)}\n` : describeRedrive(redrive))
  if (!json && redrives.length === 0) terminal.print('Nothing of this product was ever redriven.\n')
}
