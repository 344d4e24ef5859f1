// Entry of the `meshgate` command: gives the command line the real environment, terminal and signals, and ends with its exit code.
import { text } from 'node:stream/consumers'
import packageFile from '../package.json' with { type: 'json' }
import { MeshgateError } from '../platform/errors.ts'
import { runCommandLine } from './command-line.ts'
import { EXIT } from './command-context.ts'
import { describeFailure } from './describe-failure.ts'
import { listenForStop, type SignalUse } from './stop-signal.ts'

const COLUMNS_DEFAULT = 80
const CLOSED_CODES: readonly string[] = ['LOG_CLOSED', 'STORE_CLOSED']

/** A bug: state can't be trusted any more, and everything durable survives the end of the process. */
function endByBug(error: unknown): void {
  // What was under way when log and store closed ends with them; why they closed is told elsewhere.
  if (error instanceof MeshgateError && CLOSED_CODES.includes(error.code)) return
  process.stderr.write(`${describeFailure(error).line}\n`)
  process.exit(EXIT.failure)
}

// That node:sqlite is new says nothing about Meshgate. Whatever else the runtime warns of (a leak, a call that will go) is worth a line.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  const debugging = ['debug', 'trace'].includes(process.env['LOG_LEVEL'] ?? '')
  if (warning.name === 'ExperimentalWarning' && !debugging) return
  process.stderr.write(`${debugging ? String(warning.stack) : `${warning.name}: ${warning.message}`}\n`)
})
process.on('uncaughtException', endByBug)
process.on('unhandledRejection', endByBug)
// Whoever read our output has gone (`meshgate check | head`): nothing is left to say.
process.stdout.on('error', () => process.exit(EXIT.ok))

const signals: SignalUse = { onHangUp: null, drainMs: 0 }
const exitCode = await runCommandLine(process.argv.slice(2), packageFile.version, {
  environment: process.env,
  stop: listenForStop(undefined, signals),
  signals,
  input: () => text(process.stdin),
  terminal: {
    print: (text) => void process.stdout.write(text),
    report: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY && process.env['CI'] === undefined,
    columns: process.stderr.columns ?? COLUMNS_DEFAULT,
  },
})
// Everything has been closed: what may still hold the process (an idle keep-alive connection) has nothing to finish.
process.exit(exitCode)
