// Puts a process in the place of this one: where the platform can, this one becomes it (same id, signals and channels without anyone in
// between, and no 50 MB of a launcher that waits); elsewhere (Windows, Node before 22.15) it runs below this one.
// Plain JavaScript without dependencies, like all of the launcher.
import { runChild } from './run-child.js'

/** Resolves with the exit code, or never. */
export function become(executable, args, env) {
  // Output of ours that is still on its way would be lost with this process; a channel to whoever started it as well.
  const isFree = process.stdout.writableLength === 0 && process.stderr.writableLength === 0 && !process.connected
  if (isFree && process.platform !== 'win32') process.execve?.(executable, [executable, ...args], env)
  // The channel tells the other when this process is gone, even by SIGKILL, so that no orphan keeps the port and the data.
  return runChild(executable, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env })
}
