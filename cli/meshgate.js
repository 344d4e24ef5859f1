#!/usr/bin/env node
// The `meshgate` command: installs a checkout's dependencies where they are missing, then runs main.ts on the pinned Node.
import { join } from 'node:path'
import { become } from './become.js'
import { nodeCommand, root } from './install.js'
import { launch } from './launch.js'

await launch(() => {
  const { executable, flags } = nodeCommand()
  return become(executable, [...flags, join(root, 'cli', 'main.ts'), ...process.argv.slice(2)], {
    // Types stripped and code compiled are kept for the next start: 0.8 s of CPU in place of 2.0. Where it cannot be written it is not used.
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
    ...process.env,
    // graphql checks every type on every use in development: a tenth of a query's CPU.
    NODE_ENV: process.env.NODE_ENV ?? 'production',
  })
})
