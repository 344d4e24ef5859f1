// Runs a TypeScript file of the checkout on the pinned Node, dependencies installed: `node cli/run.js bench/run.ts --compare`.
import { resolve } from 'node:path'
import { ensureInstalled, LauncherError, nodeCommand } from './install.js'
import { runChild } from './run-child.js'

try {
  await ensureInstalled()
  const [script = '', ...args] = process.argv.slice(2)
  const { executable, flags } = nodeCommand()
  process.exitCode = await runChild(executable, [...flags, resolve(script), ...args])
} catch (error) {
  if (!(error instanceof LauncherError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
