// `meshgate replay`: reads a product's retained records again, in place, while everything goes on.
import { randomUUID } from 'node:crypto'
import { Command, Option } from 'commander'
import type { ReplayStatus } from '../../ingest/replay/replay-progress.ts'
import type { ReplayAnswer } from '../../ingest/replay/replay-routes.ts'
import { readConfig } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { count, countOf, createProgress } from '../progress.ts'
import { readProductsToRun } from '../read-products.ts'
import { replayBeside } from '../replay-beside.ts'
import { recordsIn, withReplays, type Replays } from '../replay-access.ts'
import { createRoleLogger } from '../role-logger.ts'
import type { ProductWork } from '../with-product.ts'

interface Options {
  readonly from: string
  readonly dryRun?: boolean
  readonly wait: boolean
  readonly cancel?: true
  readonly beside?: true
  readonly seed: 'topic' | 'scan'
  readonly abandon?: true
  readonly dropOld?: true
}

const MORE_HELP = `
Every retained record from there on is decoded, checked and written again, up to where ingest stands now: rows that are
missing come back, records that were rejected are tried again. Rows that are right stay as they are, since write times
decide, so queries see no difference on the way. Where a new version of the product makes other values of the same
records, use --beside. Records that come meanwhile wait behind the replay, partition by partition. Subscribers are told
every change of it once more, under a generation of its own.

A replay outlives the command, and the processes that do it: stopped, it goes on when the product is ingested again, or
when the same command is given again where no process ingests. One at a time of a product.

With --beside, new tables are filled from the first record on while the live ones go on being read and written, and take
over when they are whole; nobody is told changes, and new records do not wait. Where the topic does not hold everything
any more, --seed scan begins with the rows of the live tables. The former tables stay until --drop-old.`

/** What means nothing beside the other works of the command: refused rather than left out. */
const IN_PLACE = ['from', 'dryRun']
const OF_TABLES = ['beside', 'abandon', 'dropOld']

export function replayCommand(run: RunCommand): Command {
  return new Command('replay')
    .description("ingest a product's retained records again, in place, while queries go on")
    .argument('<PRODUCT>', 'a product.graphql, its folder, or domain/name of the project')
    .option(
      '--from <START>',
      'earliest, a time (2026-11-01T00:00:00Z: records appended since), or a position of one partition (topic:partition:offset)',
      'earliest',
    )
    .option('--dry-run', 'say what would be read again, and do nothing')
    .option('--no-wait', 'end once the replay is asked for')
    .addOption(
      new Option('--cancel', 'give up the replay in place that runs, so that another can be asked for').conflicts([
        ...IN_PLACE,
        ...OF_TABLES,
      ]),
    )
    .addOption(
      new Option('--beside', 'into new tables beside the live ones, which take over when they are whole').conflicts([
        ...IN_PLACE,
        'abandon',
        'dropOld',
      ]),
    )
    .addOption(
      new Option('--seed <SOURCE>', 'with --beside: what new tables begin with')
        .choices(['topic', 'scan'])
        .default('topic'),
    )
    .addOption(
      new Option('--abandon', 'give up the new tables that are being built').conflicts([...IN_PLACE, 'dropOld']),
    )
    .addOption(new Option('--drop-old', 'drop the tables that new ones have replaced').conflicts(IN_PLACE))
    .addHelpText(
      'after',
      examples([
        ['meshgate replay sales/orders --dry-run', 'how many records, from where to where'],
        ['meshgate replay sales/orders', 'all that the topic still holds'],
        ['meshgate replay sales/orders --from 2026-11-01T00:00:00Z', 'what has come since'],
        ['meshgate replay sales/orders --from sales.orders:2:1234', 'one partition, from a position on'],
        ['meshgate replay sales/orders --beside', 'into new tables, which then take over'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((path: string, options: Options) => run((context) => replay(path, options, context)))
}

async function replay(path: string, options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const [product] = (await readProductsToRun([path], terminal)) ?? []
  if (product === undefined) return EXIT.failure
  if (options.seed === 'scan' && options.beside !== true) {
    throw new MeshgateError('CONFIG_INVALID', '--seed says what new tables begin with. Write --beside as well.')
  }
  const logger = createRoleLogger(config, terminal)
  const work = { product, config, context, logger, command: `meshgate ingest ${path}` }
  const { beside, seed, abandon, dropOld, wait } = options
  const action = abandon ? 'abandon' : dropOld ? 'drop-old' : beside ? 'build' : null
  const outcome = await (action === null ? replayInPlace(work, options) : replayBeside(work, { action, seed, wait }))
  if (outcome === null) {
    terminal.report('Stopped. What was asked for goes on when the product is ingested.\n')
    return EXIT.failure
  }
  return EXIT.ok
}

/** Null when it was stopped. */
async function replayInPlace(work: ProductWork, options: Options): Promise<'ended' | null> {
  const { from, dryRun = false, wait, cancel = false } = options
  const { product, context } = work
  const { terminal } = context
  const name = `${product.domain}/${product.name}`
  const id = randomUUID()
  let told = false
  return withReplays(work, async (replays) => {
    if (cancel) {
      await replays.cancel()
      terminal.print('Given up. What was set back is read on all the same; another replay can be asked for.\n')
      return 'ended'
    }
    if (!told && !dryRun && !replays.elsewhere) {
      const unfinished = await replays.status()
      if (unfinished !== null && unfinished.doneAt === null && unfinished.from === from) {
        terminal.print(`Goes on with the replay from ${from} that was asked for at ${unfinished.requestedAt}.\n`)
        return whenEnded(work, replays, unfinished.id)
      }
    }
    const answer = await replays.ask({ id, from, dryRun })
    if (!told) terminal.print(describe(answer, { name, from, dryRun }))
    told = true
    if (answer.id === null) return 'ended'
    if (!wait && replays.elsewhere) {
      terminal.print('It goes on by itself: GET /ingest of the process that ingests shows how far it is.\n')
      return 'ended'
    }
    return whenEnded(work, replays, answer.id)
  })
}

/** Null when the command was stopped. */
async function whenEnded(work: ProductWork, replays: Replays, id: string): Promise<'ended' | null> {
  const status = await whenDone(work, replays, id)
  if (status === null) return null
  const ended = status.state === 'abandoned' ? 'Given up' : 'Done'
  work.context.terminal.print(`${ended}: ${countOf(status.records - status.left, 'record')} read again.\n`)
  return 'ended'
}

interface Described {
  readonly name: string
  readonly from: string
  readonly dryRun: boolean
}

function describe({ ranges }: ReplayAnswer, { name, from, dryRun }: Described): string {
  if (ranges.length === 0) return `Nothing to read again: ingest of ${name} has not come further than ${from}.\n`
  const records = recordsIn(ranges)
  const lines = ranges.map(({ topic, partition, from: first, until }) =>
    first === until
      ? `  ${topic}:${partition}  stands still; goes on from ${count(first)}\n`
      : `  ${topic}:${partition}  ${count(first)} to ${count(until)}\n`,
  )
  const head = dryRun ? 'Would read again' : 'Reads again'
  const waiting = dryRun ? '' : 'Queries go on; new records wait behind it.\n'
  return `${head} ${countOf(records, 'record')} of ${name}:\n${lines.join('')}${waiting}`
}

/** Null when the command was stopped. */
async function whenDone(work: ProductWork, replays: Replays, id: string): Promise<ReplayStatus | null> {
  const { context, command, product } = work
  const { terminal, stop } = context
  const progress = createProgress(terminal, systemClock)
  const label = `${product.domain}/${product.name}`
  const askedMs = systemClock.monotonic()
  let told = false
  for (;;) {
    const status = await replays.status()
    if (status?.id !== id || status.doneAt !== null) {
      // Another that followed it shows in its place: then it was done.
      if (status !== null) progress.finish({ label, done: status.records - status.left, total: status.records })
      return status
    }
    progress.update({ label, done: status.records - status.left, total: status.records })
    const waitedMs = systemClock.monotonic() - askedMs
    if (!told && status.state === 'requested' && waitedMs >= limits.ingestStandstillMs) {
      told = true
      terminal.report(`Nobody has begun it. Start \`${command}\`; this command goes on by itself.\n`)
    }
    if (stop.aborted) return null
    await systemClock.sleep(limits.replayPollMs, stop).catch(() => undefined)
  }
}
