// What every command is given: the environment, where it writes, and the signal that asks it to stop. Nothing global is read elsewhere.
import type { Environment, SettingsFile } from '../platform/config.ts'
import type { SignalUse } from './stop-signal.ts'

export interface Terminal {
  /** Results: standard output. */
  print(text: string): void
  /** Progress, problems and log lines: standard error. */
  report(text: string): void
  /** Standard error is a terminal that a line can be redrawn on. */
  readonly interactive: boolean
  /** Columns of the terminal. */
  readonly columns: number
}

export interface CommandContext {
  readonly environment: Environment
  /** Null, or absent, where there is none. */
  readonly settingsFile?: SettingsFile | null
  readonly terminal: Terminal
  /** All of standard input. */
  readonly input: () => Promise<string>
  /** Aborts at the first SIGINT, SIGTERM or, where nobody takes it otherwise, SIGHUP. */
  readonly stop: AbortSignal
  /** Absent where signals are not the command's. */
  readonly signals?: SignalUse
}

/** Exit codes of every command; docs/command-line.md lists them. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Resolves when the command is asked to stop. */
export function stopped(context: CommandContext): Promise<void> {
  const { stop } = context
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
}

/** What the command line gives each command's action to run its work in: errors become one line and an exit code. */
export type RunCommand = (work: (context: CommandContext) => Promise<ExitCode>) => Promise<void>
