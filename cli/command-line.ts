// The `meshgate` command line: its commands, their help, and how their outcome becomes an exit code. Parsing is commander's.
import { Command, CommanderError } from 'commander'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from './command-context.ts'
import { examples } from './command-help.ts'
import { checkCommand } from './commands/check.ts'
import { composeCommand } from './commands/compose.ts'
import { devCommand } from './commands/dev.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { ingestCommand } from './commands/ingest.ts'
import { loadCommand } from './commands/load.ts'
import { sampleCommand } from './commands/sample.ts'
import { subgraphCommand } from './commands/subgraph.ts'
import { describeFailure } from './describe-failure.ts'
import { readConfig } from '../platform/config.ts'

const EXIT_CODES_TEXT = `
Exit codes:
  ${EXIT.ok}  done, or stopped by a signal
  ${EXIT.failure}  failed: the line on standard error says why
  ${EXIT.usage}  wrong arguments or settings

Settings come from the environment: docs/settings.md.`

/** Every command, each calling `run` with its work. */
export function createProgram(version: string, run: RunCommand): Command {
  const commands = [
    devCommand,
    gatewayCommand,
    subgraphCommand,
    ingestCommand,
    loadCommand,
    sampleCommand,
    composeCommand,
    checkCommand,
  ]
  const program = new Command('meshgate')
    .description(
      'One product.graphql per data product; from it tables, validated ingest, a federated subgraph and live subscriptions.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; after a command, its own')
    .helpCommand(false)
    .showHelpAfterError('(--help says what can be written here)')
    .addHelpText(
      'after',
      examples([
        ['meshgate dev', 'everything in one process, with the sample: http://localhost:4000/'],
        ['meshgate check subgraphs/sales', 'every problem of a product at once'],
        ['meshgate load subgraphs/sales orders.ndjson.gz', 'records from a file, each once'],
      ]),
    )
    .addHelpText('after', EXIT_CODES_TEXT)
  for (const create of commands) program.addCommand(create(run).copyInheritedSettings(program))
  return program
}

/** Runs what `args` say and gives the exit code. Never rejects. */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  context: CommandContext,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const run: RunCommand = async (work) => {
    exitCode = await work(context)
  }
  const program = createProgram(version, run)
  configureOutput(program, context)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // commander has already printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const failure = describeFailure(error)
    context.terminal.report(`${failure.line}\n`)
    if (wantsStack(context)) context.terminal.report(`${(error as Error).stack ?? ''}\n`)
    return failure.exitCode
  }
}

function configureOutput(program: Command, { terminal }: CommandContext): void {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.report(text),
    })
  }
}

function wantsStack({ environment }: CommandContext): boolean {
  try {
    return ['debug', 'trace'].includes(readConfig(environment).logLevel)
  } catch {
    return false
  }
}
