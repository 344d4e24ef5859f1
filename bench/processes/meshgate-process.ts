// A `meshgate` command in a process group of its own, as a user starts it, and what can be done to it.
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../cli/meshgate.js', import.meta.url))
/** Against hanging only: many tests share a machine. How long a start takes is the bench's to tell. */
const READY_TIMEOUT_MS = 600_000
const POLL_MS = 20

export interface MeshgateProcess {
  /** Where its own port answers. */
  readonly url: string
  /** Of the launcher; the command runs in a child of it. */
  readonly pid: number
  /** What it printed so far, standard output and error in order of arrival. */
  output(): string
  /** Resolves when `/health/ready` answers 200; rejects when the process ends before, or takes too long. */
  ready(): Promise<void>
  /** Resolves with the exit code when it ends; null where a signal ended it. */
  readonly exited: Promise<number | null>
  /** SIGKILL: nothing is flushed, nobody says goodbye. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

export interface MeshgateCommand {
  /** Its arguments; `--port` and the port are added. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Any free one where there is none. */
  readonly port?: number
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function startMeshgate(command: MeshgateCommand): Promise<MeshgateProcess> {
  const port = command.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const child = spawnMeshgate([...command.args, '--port', String(port)], command.environment)
  return {
    url,
    pid: child.process.pid ?? 0,
    output: child.output,
    ready: () => waitUntilReady(url, child),
    exited: child.exited,
    kill: async () => {
      signalGroup(child.process, 'SIGKILL')
      await child.exited
    },
    stop: async () => {
      if (isRunning(child.process)) child.process.kill('SIGTERM')
      return child.exited
    },
  }
}

/** Runs a command that ends by itself; what it printed. Rejects where it fails. */
export async function runMeshgate(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawnMeshgate(args, environment)
  const code = await child.exited
  if (code === 0) return child.output()
  throw new Error(`meshgate ${args.join(' ')} ended with ${String(code)}:\n${child.output()}`)
}

interface Spawned {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  readonly output: () => string
}

function spawnMeshgate(args: readonly string[], environment: Readonly<Record<string, string>>): Spawned {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, CI: 'true', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { process: child, exited, output: () => output }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** The launcher runs the command in a child of its own: the whole group is meant. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function waitUntilReady(url: string, child: Spawned): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (!isRunning(child.process)) throw new Error(`the process ended before it was ready:\n${child.output()}`)
    const status = await fetch(`${url}/health/ready`).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    if (status === 200) return
    await sleep(POLL_MS)
  }
  throw new Error(`the process was not ready in ${READY_TIMEOUT_MS} ms:\n${child.output()}`)
}
