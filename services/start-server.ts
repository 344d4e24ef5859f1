// What starts of Kafka and Cassandra have in common: ports, the record of what runs in a directory, waiting until it answers, and the reason
// where it does not.
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { makeDirectory } from '../platform/make-directory.ts'
import { systemClock } from '../platform/system-clock.ts'
import { isPortFree, pickPort } from './free-port.ts'
import { findJava, type Java } from './java-tools.ts'
import { serverJars, type ServerName } from './server-jars.ts'
import type { RunningServer, ServerOptions } from './server-options.ts'
import { endProcess, isAlive, startForItself, startSupervised, type ProcessIdentity } from './server-process.ts'
import { withStartLock } from './start-lock.ts'

/** What the JVM of every server gets; the quick ones compile once and lightly, which halves a start. */
const JVM_ARGS = ['-XX:-UsePerfData', '-XX:+ExitOnOutOfMemoryError']
const QUICK_JVM_ARGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

export interface Node {
  readonly directory: string
  readonly host: string
  readonly port: number
  /** The port that nodes speak to one another on. */
  readonly innerPort: number
  readonly jars: string
  readonly java: Java
  readonly environment: NonNullable<ServerOptions['environment']>
}

export interface ServerKind {
  readonly name: ServerName
  readonly title: string
  /** The port between nodes, where it is not for this module to pick. */
  readonly innerPort: number | undefined
  readonly heapMegabytes: number
  /** Writes the configuration; gives Java's arguments, from the class path on. */
  prepare(node: Node): Promise<readonly string[]>
  /** Whether a client gets an answer. Only called when the port is open; a rejection means not yet. */
  answers(node: Pick<Node, 'host' | 'port'>): Promise<boolean>
  /** Said of a node that ends while it starts, where Java may be why. */
  readonly javaNote?: (java: Java) => string
}

/** What `server.json` in a directory holds. */
interface ServerRecord extends Partial<ProcessIdentity> {
  readonly host: string
  readonly port: number
  readonly innerPort: number
}

/** One start at a time per directory; a node that runs there already is used. */
export async function startServer(kind: ServerKind, options: ServerOptions): Promise<RunningServer> {
  const directory = resolve(options.directory)
  await makeDirectory(directory)
  return await withStartLock(directory, async () => {
    const record = await readRecord(directory)
    const running = await runningIdentity(record)
    if (record !== undefined && running !== undefined) {
      await awaitAnswer(kind, record, { directory, identity: running })
      return serverOf(record, running)
    }
    const node = await nodeOf(kind, { ...options, directory }, record)
    const identity = await launch(kind, node, options)
    await writeRecord(directory, { host: node.host, port: node.port, innerPort: node.innerPort, ...identity })
    try {
      await awaitAnswer(kind, node, { directory, identity, java: node.java })
    } catch (error) {
      await endProcess(identity, 'SIGKILL')
      throw error
    }
    return serverOf(node, identity)
  })
}

/** The server that runs in a directory, whoever started it. Changes nothing. */
export async function findServer(directory: string): Promise<RunningServer | undefined> {
  const record = await readRecord(resolve(directory))
  const identity = await runningIdentity(record)
  return record === undefined || identity === undefined ? undefined : serverOf(record, identity)
}

async function nodeOf(kind: ServerKind, options: ServerOptions, record: ServerRecord | undefined): Promise<Node> {
  const environment = options.environment ?? process.env
  const java = await findJava(environment)
  const jars = await serverJars(kind.name, environment)
  const host = options.host ?? record?.host ?? '127.0.0.1'
  const port = await portOf(kind, host, options.port ?? 0, record?.port)
  const innerPort = await portOf(kind, host, kind.innerPort ?? 0, record?.innerPort)
  return { directory: options.directory, host, port, innerPort, jars, java, environment }
}

async function portOf(kind: ServerKind, host: string, wanted: number, last = 0): Promise<number> {
  const port = wanted === 0 ? last : wanted
  if (port === 0) return await pickPort(host)
  if (await isPortFree(host, port)) return port
  const message = `Port ${String(port)} of ${host}, where ${kind.title} is to listen, is taken by another process`
  throw new MeshgateError('PORT_IN_USE', `${message}. End it or give another port.`)
}

async function launch(kind: ServerKind, node: Node, options: ServerOptions): Promise<ProcessIdentity> {
  const heap = String(options.heapMegabytes ?? kind.heapMegabytes)
  const args = [
    ...JVM_ARGS,
    ...(options.quickStart === true ? QUICK_JVM_ARGS : []),
    `-Xms${heap}m`,
    `-Xmx${heap}m`,
    `-Djava.io.tmpdir=${await emptyDirectory(join(node.directory, 'tmp'))}`,
    ...(await kind.prepare(node)),
  ]
  const logFile = logFileOf(node.directory)
  // One start per file; the one before is kept, since it may tell why that server ended.
  await rename(logFile, `${logFile}.1`).catch(() => undefined)
  const command = { executable: node.java.executable, args, directory: node.directory, logFile }
  if (options.lifetime === 'detached') return await startForItself(command)
  const temporary = options.temporaryDirectory === undefined ? {} : { temporaryDirectory: options.temporaryDirectory }
  return await startSupervised({ ...command, ...temporary })
}

/** For libraries that a server unpacks at each start: one that is killed leaves them behind. */
async function emptyDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path)
  return path
}

interface Waiting {
  readonly directory: string
  readonly identity: ProcessIdentity
  readonly java?: Java
}

async function awaitAnswer(kind: ServerKind, at: Pick<Node, 'host' | 'port'>, waiting: Waiting): Promise<void> {
  const deadline = systemClock.monotonic() + limits.serviceStartMsMax
  const fail = async (what: string): Promise<never> => {
    const log = logFileOf(waiting.directory)
    const note = waiting.java === undefined ? '' : (kind.javaNote?.(waiting.java) ?? '')
    const text = `${kind.title} ${what}.${note} The end of ${log}:\n${await tailOf(log)}`
    throw new MeshgateError('SERVICE_FAILED', text)
  }
  for (;;) {
    if (!(await isAlive(waiting.identity))) return await fail('ended while it started')
    if (await isOpen(at)) {
      const answered = await kind.answers(at).catch(() => false)
      if (answered) return
    }
    if (systemClock.monotonic() > deadline) {
      return await fail(`did not answer within ${String(limits.serviceStartMsMax / 1000)} s`)
    }
    await systemClock.sleep(limits.servicePollMs)
  }
}

function isOpen({ host, port }: Pick<Node, 'host' | 'port'>): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect({ host, port })
    const settle = (open_: boolean): void => {
      socket.destroy()
      answer(open_)
    }
    socket.once('connect', () => {
      settle(true)
    })
    socket.once('error', () => {
      settle(false)
    })
  })
}

function serverOf({ host, port }: Pick<Node, 'host' | 'port'>, identity: ProcessIdentity): RunningServer {
  return {
    address: `${host}:${String(port)}`,
    pid: identity.pid,
    stop: () => endProcess(identity, 'SIGTERM'),
    kill: () => endProcess(identity, 'SIGKILL'),
  }
}

function recordFileOf(directory: string): string {
  return join(directory, 'server.json')
}

function logFileOf(directory: string): string {
  return join(directory, 'server.log')
}

async function readRecord(directory: string): Promise<ServerRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFileOf(directory), 'utf8')) as ServerRecord
  } catch {
    return undefined
  }
}

async function writeRecord(directory: string, record: ServerRecord): Promise<void> {
  const draft = `${recordFileOf(directory)}.draft`
  await writeFile(draft, `${JSON.stringify(record)}\n`)
  await rename(draft, recordFileOf(directory))
}

async function runningIdentity(record: ServerRecord | undefined): Promise<ProcessIdentity | undefined> {
  if (record?.pid === undefined) return undefined
  const identity = { pid: record.pid, startTime: record.startTime ?? null }
  return (await isAlive(identity)) ? identity : undefined
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file).catch(() => undefined)
  if (handle === undefined) return '(nothing)'
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - limits.serviceLogTailBytes)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(limits.serviceLogTailBytes), 0, undefined, start)
    return buffer.subarray(0, bytesRead).toString('utf8').trim()
  } finally {
    await handle.close()
  }
}
