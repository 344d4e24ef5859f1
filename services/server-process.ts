// One Java process: started for itself (it goes on when its starter ends), or under a supervisor that ends it when its starter is gone,
// even by SIGKILL. Known by process id and start time, so that a recycled id is never taken for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { processStartTime } from '../platform/data-directory.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { systemClock } from '../platform/system-clock.ts'

export interface ProcessIdentity {
  readonly pid: number
  /** In words of the operating system; null where it does not tell. */
  readonly startTime: string | null
}

export interface JavaCommand {
  readonly executable: string
  readonly args: readonly string[]
  /** Working directory: a crashed JVM leaves its report here. */
  readonly directory: string
  /** What it prints is appended here. */
  readonly logFile: string
}

/** What the supervisor gets as its argument. */
export interface SupervisorJob extends JavaCommand {
  /** Removed when the starter vanishes without stopping the server. */
  readonly temporaryDirectory?: string
}

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url))

export async function startForItself(command: JavaCommand): Promise<ProcessIdentity> {
  const log = await open(command.logFile, 'a')
  try {
    const child = spawn(command.executable, command.args, {
      cwd: command.directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    // Rejects where it cannot be run at all.
    await once(child, 'spawn')
    child.unref()
    return await identityOf(child.pid)
  } finally {
    await log.close()
  }
}

export async function startSupervised(job: SupervisorJob): Promise<ProcessIdentity> {
  // A session of its own: Ctrl-C in the starter's terminal reaches the starter, which then ends the server in its own way.
  const supervisor = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', SUPERVISOR, JSON.stringify(job)],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    },
  )
  const stopped = new AbortController()
  const exited = once(supervisor, 'exit', { signal: stopped.signal }).then(() => [undefined])
  const [message] = (await Promise.race([once(supervisor, 'message', { signal: stopped.signal }), exited]).finally(
    () => {
      stopped.abort()
      exited.catch(() => undefined)
    },
  )) as [{ pid: number } | undefined]
  if (message === undefined) throw new MeshgateError('SERVICE_FAILED', `${job.executable} cannot be run.`)
  // The channel stays open for as long as this process lives, without keeping it alive.
  supervisor.unref()
  supervisor.channel?.unref()
  return await identityOf(message.pid)
}

async function identityOf(pid: number | undefined): Promise<ProcessIdentity> {
  if (pid === undefined) throw new MeshgateError('SERVICE_FAILED', 'The process has no id.')
  return { pid, startTime: await processStartTime(pid) }
}

/** Whether that very process runs. */
export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = await processStartTime(pid)
  // An ended process that nobody has reaped.
  if (now === '') return await hasThreads(pid)
  // Without any start time an id is all there is.
  return now === null || startTime === null || now === startTime
}

/** The first thread of a killed JVM is a zombie while others still hold its ports and files. */
async function hasThreads(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${String(pid)}/task`).catch(() => [])
  return threads.length > 1
}

/** Resolves when it has ended: by itself after SIGTERM, or killed where it takes too long. */
export async function endProcess(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const deadline = systemClock.monotonic() + limits.serviceStopMsMax
  let sent: string | undefined
  while (await isAlive(identity)) {
    const wanted = systemClock.monotonic() > deadline ? 'SIGKILL' : signal
    if (wanted !== sent) signalProcess(identity.pid, wanted)
    sent = wanted
    await systemClock.sleep(limits.servicePollMs)
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
