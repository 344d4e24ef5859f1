// A gateway's process, pinned to its core, from its start to its end, and the first answer it gave.
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewaySetup, GatewayUnderTest } from './gateway-under-test.ts'

const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 5_000
const POLL_MS = 2
const OUTPUT_CHARACTERS = 2_000

const GATEWAY_CORES = '0'
export const OTHER_CORES = availableParallelism() > 2 ? `1-${availableParallelism() - 1}` : '1'

export interface RunningGateway {
  readonly pid: number
  readonly port: number
  /** From the start of the process to the end of its first answer with status 200. */
  readonly firstAnswerMs: number
  readonly firstAnswer: string
  stop(): Promise<void>
}

export interface StartOptions {
  readonly setup: Omit<GatewaySetup, 'port' | 'isProfiled'>
  /** Asked again and again until it is answered. */
  readonly body: string
  readonly authorization: boolean
  /** Directory for a CPU profile of it. */
  readonly profiles: string | null
}

export async function startGatewayProcess(gateway: GatewayUnderTest, options: StartOptions): Promise<RunningGateway> {
  const port = await freePort()
  const { args, environment } = gateway.command({ ...options.setup, port, isProfiled: options.profiles !== null })
  const startedAt = performance.now()
  const profiling = options.profiles === null ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profiles]
  const command = ['-c', GATEWAY_CORES, process.execPath, ...profiling, ...args]
  const child = spawn('taskset', command, {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const output = collectOutput(child)
  const url = `http://127.0.0.1:${port}${gateway.path}`
  const firstAnswer = await awaitAnswer(url, child, options).catch(async (error: unknown) => {
    await stop(child)
    throw new Error(`${gateway.title} did not answer: ${String(error)}\n${output()}`, { cause: error })
  })
  const firstAnswerMs = performance.now() - startedAt
  return { pid: child.pid ?? 0, port, firstAnswerMs, firstAnswer, stop: () => stop(child) }
}

async function awaitAnswer(url: string, child: ChildProcess, options: StartOptions): Promise<string> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(options.authorization ? { authorization: 'Bearer bench-0' } : {}),
  }
  let last = 'nothing listens'
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    try {
      const response = await fetch(url, { method: 'POST', headers, body: options.body })
      const text = await response.text()
      if (response.status === 200) return text
      last = `${response.status} ${text.slice(0, OUTPUT_CHARACTERS)}`
    } catch {
      // Not yet.
    }
    await sleep(POLL_MS)
  }
  throw new Error(`no answer in ${READY_TIMEOUT_MS} ms, last: ${last}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

/** A launcher has children: the whole group is meant. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The end of what it printed. */
function collectOutput(child: ChildProcess): () => string {
  let output = ''
  const collect = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS))
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  return () => output
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
