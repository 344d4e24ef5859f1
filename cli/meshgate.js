#!/usr/bin/env node
// The `meshgate` command: installs a checkout's dependencies where they are missing, then runs main.ts on the pinned Node.
import { join } from 'node:path'
import { ensureInstalled, LauncherError, nodeCommand, root } from './install.js'
import { runChild } from './run-child.js'

try {
  await ensureInstalled()
  const { executable, flags } = nodeCommand()
  // The channel tells main.ts when this process is gone, even by SIGKILL, so that no orphan keeps the port and the data.
  process.exitCode = await runChild(executable, [...flags, join(root, 'cli', 'main.ts'), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
} catch (error) {
  if (!(error instanceof LauncherError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
