// The `meshgate` command line: its commands, their help, and how their outcome becomes an exit code. Parsing is commander's. Only the
// command that runs is loaded.
import { Command, CommanderError } from 'commander'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from './command-context.ts'
import { configOption, examples } from './command-help.ts'
import { describeFailure } from './describe-failure.ts'
import { loadSettingsFile } from './settings-file.ts'
import { readConfig } from '../platform/config.ts'

const EXIT_CODES_TEXT = `
Exit codes:
  ${EXIT.ok}  done; of what runs until it is stopped: stopped by a signal
  ${EXIT.failure}  failed, or stopped before the end: the line on standard error says why
  ${EXIT.usage}  wrong arguments or settings

Settings come from options, the environment and a configuration file: docs/settings.md.`

type CreateCommand = (run: RunCommand) => Command

/** In the order of the help. What the others stand on (Apollo Server, the log, the samples) is a third of the gateway's memory at rest. */
const COMMANDS: ReadonlyMap<string, () => Promise<CreateCommand>> = new Map([
  ['dev', async () => (await import('./commands/dev.ts')).devCommand],
  ['gateway', async () => (await import('./commands/gateway.ts')).gatewayCommand],
  ['subgraph', async () => (await import('./commands/subgraph.ts')).subgraphCommand],
  ['ingest', async () => (await import('./commands/ingest.ts')).ingestCommand],
  ['load', async () => (await import('./commands/load.ts')).loadCommand],
  ['replay', async () => (await import('./commands/replay.ts')).replayCommand],
  ['digest', async () => (await import('./commands/digest.ts')).digestCommand],
  ['sample', async () => (await import('./commands/sample.ts')).sampleCommand],
  ['simulate', async () => (await import('./commands/simulate.ts')).simulateCommand],
  ['rejected', async () => (await import('./commands/rejected.ts')).rejectedCommand],
  ['redrive', async () => (await import('./commands/redrive.ts')).redriveCommand],
  ['compose', async () => (await import('./commands/compose.ts')).composeCommand],
  ['check', async () => (await import('./commands/check.ts')).checkCommand],
])

/** The command of that name alone, or every one where no command has it: the help, and what is misspelt. Each calls `run` with its work. */
export async function createProgram(version: string, run: RunCommand, name?: string): Promise<Command> {
  const named = name === undefined ? undefined : COMMANDS.get(name)
  const commands = await Promise.all((named === undefined ? [...COMMANDS.values()] : [named]).map((load) => load()))
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
        ['meshgate check sales/orders', 'every problem of a product at once'],
        ['meshgate load sales/orders orders.ndjson.gz', 'records from a file, each once'],
      ]),
    )
    .addHelpText('after', EXIT_CODES_TEXT)
  for (const create of commands) {
    program.addCommand(create(run).addOption(configOption()).copyInheritedSettings(program))
  }
  return program
}

/** Runs what `args` say and gives the exit code. Never rejects. */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  context: CommandContext,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  let configFile: string | undefined
  const run: RunCommand = async (work) => {
    const settingsFile = await loadSettingsFile(configFile, context.environment)
    exitCode = await work({ ...context, settingsFile })
  }
  const program = await createProgram(version, run, args[0])
  program.hook('preAction', (_program, command) => {
    configFile = command.opts<{ config?: string }>().config
  })
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
