// `meshgate redrive`: rejected records of a product, after a fix, to their source topic again, each once.
import { Command } from 'commander'
import { filterFrom, type RejectedFilter } from '../../ingest/dead-letter/rejected-filter.ts'
import type { RedriveAnswer } from '../../ingest/http/dead-letter-routes.ts'
import { readConfig } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { withDeadLetters } from '../dead-letter-access.ts'
import { count, countOf } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { describeNothing, describeRedrive } from '../rejected-records.ts'
import { createRoleLogger } from '../role-logger.ts'

interface Options {
  readonly all?: true
  readonly code?: string
  readonly check?: string
  readonly field?: string
  readonly since?: string
  readonly position?: string
  readonly dryRun?: true
  readonly reason?: string
  readonly json?: true
}

const MORE_HELP = `
Redriven records are what they were: they keep their position, append time and key, so a record that is older than what is
there changes nothing. Those that fail again are rejected again, with their history. Interrupted, the next redrive of the
product first finishes what was begun. Who redrove what is told by \`meshgate rejected PRODUCT --audit\`.

Mend the product first. Where a process ingests it, start that anew, so that it runs with the mended product; then redrive.`

export function redriveCommand(run: RunCommand): Command {
  return new Command('redrive')
    .description('ingest rejected records of a product once more, after a fix; each once')
    .argument('<PRODUCT>', 'a product.graphql, its folder, or domain/name of the project')
    .option('--all', 'all that are open')
    .option('--code <CODE>', 'those with that error code')
    .option('--check <ID>', 'those that break that check')
    .option('--field <FIELD>', 'those with a fault in that field: total, lines.*.amount')
    .option('--since <TIME>', 'those rejected since: 2026-01-31T08:00:00Z')
    .option('--position <TOPIC:PARTITION:OFFSET>', 'the record that lay there')
    .option('--dry-run', 'say how many, and do nothing')
    .option('--reason <TEXT>', 'why, for the audit record')
    .option('--json', 'the outcome as JSON')
    .addHelpText(
      'after',
      examples([
        ['meshgate redrive sales/orders --check total-positive --dry-run', 'how many would go'],
        ['meshgate redrive sales/orders --check total-positive --reason "refunds are allowed"', ''],
        ['meshgate redrive sales/orders --position sales.orders:2:1234', 'one record'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((path: string, options: Options) => run((context) => redrive(path, options, context)))
}

async function redrive(path: string, options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const filter = chosen(options)
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  const { dryRun = false, reason = null } = options
  const logger = createRoleLogger(config, terminal)
  const work = { product, config, context, logger, command: `meshgate ingest ${path}` }
  const answer = await withDeadLetters(work, !dryRun, (letters) => letters.redrive({ filter, reason, dryRun }))
  if (answer === null) {
    terminal.report('Stopped before the end. The next redrive of the product goes on from here.\n')
    return EXIT.failure
  }
  terminal.print(options.json ? `${JSON.stringify(answer)}\n` : outcome(answer, { filter, dryRun, path }))
  return EXIT.ok
}

/** What is not said is not redriven: all is said too. */
function chosen(options: Options): RejectedFilter {
  const filter = filterFrom((name) => options[name])
  const isFiltered = Object.keys(filter).length > 0
  if (isFiltered === (options.all !== true)) return filter
  const message = isFiltered
    ? 'Write --all or a filter, not both.'
    : 'Say which: --all, --code, --check, --field, --since or --position.'
  throw new MeshgateError('CONFIG_INVALID', message)
}

interface Asked {
  readonly filter: RejectedFilter
  readonly dryRun: boolean
  /** Of the product, as it was given. */
  readonly path: string
}

function outcome(answer: RedriveAnswer, { filter, dryRun, path }: Asked): string {
  const { matched, complete, redrive: done, resumed, rejectedAgain } = answer
  const finished = resumed.map(
    (earlier) => `Finished an earlier redrive that was interrupted: ${describeRedrive(earlier)}`,
  )
  const more = complete ? '' : 'There are more than one redrive takes: repeat it for the rest.\n'
  if (done === null) {
    const nothing = matched === 0 ? describeNothing(filter) : ''
    const would = dryRun && matched > 0 ? `${countOf(matched, 'record')} would be redriven.\n` : nothing
    return [...finished, would, more].join('')
  }
  const { redriven = 0, left = 0 } = done.finished ?? {}
  const leftText =
    left === 0
      ? ''
      : ` ${count(left)} stay rejected: they do not fit into the log with what a redrive adds, or lack a part.`
  const counts = `${countOf(redriven, 'record')} redriven: ${count(redriven - rejectedAgain)} accepted, ${count(rejectedAgain)} rejected again.${leftText}\n`
  const why =
    rejectedAgain === 0
      ? ''
      : `Why, \`meshgate rejected ${path}\` tells. A process that ingests takes a mended product from its next start on.\n`
  return [...finished, counts, why, more].join('')
}
