// What every start of the launcher has in common: dependencies first, then the work's exit code, or the one line of what went wrong.
// Plain JavaScript without dependencies, like all of the launcher.
import { ensureInstalled, LauncherError } from './install.js'

/** `work` gives the exit code. `failureLine` is printed where it cannot even start. */
export async function launch(work, failureLine = '') {
  try {
    await ensureInstalled()
    process.exitCode = await work()
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    process.stderr.write(`${error.message}\n${failureLine}`)
    process.exitCode = 1
  }
}
