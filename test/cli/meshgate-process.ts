// `meshgate` commands as processes, the way a user runs them.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface MeshgateProcess {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** What it has said so far, on standard output and on standard error. */
  output(): string
  /** The first group of the pattern, as soon as standard output has it. */
  printed(pattern: RegExp): Promise<string>
  /** The first group of the pattern, as soon as standard error has it. */
  reported(pattern: RegExp): Promise<string>
  /** SIGTERM. */
  stop(): Promise<Finished>
}

export interface Processes {
  readonly start: (args: readonly string[], environment?: Readonly<Record<string, string>>) => MeshgateProcess
  readonly run: (args: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Finished>
  /** SIGKILL to all that still run. */
  readonly killAll: () => Promise<void>
}

/** `common`: the environment that all of them have beside this process's. */
export function createProcesses(common: () => Readonly<Record<string, string>>): Processes {
  const running = new Set<MeshgateProcess>()
  const start: Processes['start'] = (args, environment = {}) => {
    const child = spawn(process.execPath, [join(root, 'cli/main.ts'), ...args], {
      cwd: root,
      env: { ...process.env, PORT: '0', ...common(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const finished = once(child, 'close').then(([code]) => {
      running.delete(started)
      return { code: code as number | null, stdout, stderr }
    })
    const found = async (pattern: RegExp, stream: NodeJS.EventEmitter, text: () => string): Promise<string> => {
      for (;;) {
        const match = pattern.exec(text())
        if (match !== null) return match[1] ?? ''
        await Promise.race([once(stream, 'data'), finished.then((end) => Promise.reject(new Error(end.stderr)))])
      }
    }
    const started: MeshgateProcess = {
      child,
      finished,
      output: () => stdout + stderr,
      printed: (pattern) => found(pattern, child.stdout, () => stdout),
      reported: (pattern) => found(pattern, child.stderr, () => stderr),
      stop: () => {
        child.kill('SIGTERM')
        return finished
      },
    }
    running.add(started)
    return started
  }
  return {
    start,
    run: (args, environment) => start(args, environment).finished,
    async killAll() {
      const ending = [...running].map(({ child, finished }) => {
        child.kill('SIGKILL')
        return finished
      })
      await Promise.all(ending)
    },
  }
}
