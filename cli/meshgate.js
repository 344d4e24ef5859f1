#!/usr/bin/env node
// The `meshgate` command: installs a checkout's dependencies where they are missing, then runs main.ts on the pinned Node.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { become } from './become.js'
import { ensureCompiled } from './compiled.js'
import { LauncherError, nodeCommand, root } from './install.js'
import { launch } from './launch.js'

/** Measured for the gateway: docs/decisions/gateway-memory.md. Who sets them otherwise in the environment knows better. */
const GATEWAY_FLAGS = ['--min-semi-space-size=8']
/** Measured for a backlog: docs/decisions/ingest-pipeline.md. Halves of the young generation that V8 chooses by itself are up to 64 MB, in each thread. */
const INGEST_FLAGS = ['--max-semi-space-size=16']
/**
 * Everything in one process. With the heap's growth left to V8, the first load of the whole sample took 1.1 GB, most of it waiting to be
 * collected; with 40 % between collections 0.8 GB, for no more CPU of the main thread.
 */
const DEV_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=40']
const FLAGS = new Map([
  ['gateway', GATEWAY_FLAGS],
  ['dev', DEV_FLAGS],
  ['ingest', INGEST_FLAGS],
])
const ALLOCATIONS = new Map([
  /** glibc would keep the room of every large answer for the next one. */
  ['gateway', { MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1048576' }],
  /**
   * And a heap for each of a dozen threads, none of which gives back what another could use: of what is read from the log, the store's pages and the
   * messages between threads it kept 60 MB more at the first start. What is read at once from a segment has pages of its own.
   */
  ['dev', { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '1048576' }],
])

/** Node strips no types of a package: what npm installs are the libraries, built. */
const LIBRARIES_ONLY =
  'This package has the libraries of Meshgate, meshgate/client and meshgate/gateway. The command runs in a checkout, or as the image.'

await launch(async () => {
  if (!existsSync(join(root, 'cli', 'main.ts'))) throw new LauncherError(LIBRARIES_ONLY)
  const { executable, flags } = nodeCommand()
  const args = process.argv.slice(2)
  const isSized = /semi[-_]space[-_]size/.test(process.env.NODE_OPTIONS ?? '')
  const sized = [...flags, ...(isSized ? [] : (FLAGS.get(args[0]) ?? []))]
  const environment = {
    // Types stripped and code compiled are kept for the next start: 0.8 s of CPU in place of 2.0. Where it cannot be written it is not used.
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
    ...ALLOCATIONS.get(args[0]),
    ...process.env,
    // graphql checks every type on every use in development: a tenth of a query's CPU.
    NODE_ENV: process.env.NODE_ENV ?? 'production',
  }
  const ended = args[0] === 'dev' ? await ensureCompiled({ root, executable, flags: sized, environment }) : null
  return ended ?? become(executable, [...sized, join(root, 'cli', 'main.ts'), ...args], environment)
})
