// Runs a TypeScript file of the checkout on the pinned Node, dependencies installed: `node cli/run.js bench/run.ts --compare`.
import { resolve } from 'node:path'
import { nodeCommand } from './install.js'
import { launch } from './launch.js'
import { runChild } from './run-child.js'

await launch(() => {
  const [script = '', ...args] = process.argv.slice(2)
  const { executable, flags } = nodeCommand()
  return runChild(executable, [...flags, resolve(script), ...args])
})
