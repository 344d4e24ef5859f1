// Runs a process in the place of this one: its output is ours, signals are passed on, and its exit code is kept.
// Plain JavaScript without dependencies, like all of the launcher.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Resolves with the exit code; 128 + number of the signal that ended the process, as shells have it. */
export function runChild(executable, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { stdio: 'inherit', ...options })
    const forward = (signal) => child.kill(signal)
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward)
    const stopForwarding = () => {
      for (const signal of FORWARDED_SIGNALS) process.off(signal, forward)
    }
    child.once('error', (error) => {
      stopForwarding()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stopForwarding()
      resolve(signal === null ? code : 128 + constants.signals[signal])
    })
  })
}
