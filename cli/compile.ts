// Loads what `meshgate dev` and its threads load, does nothing with it, and ends: types stripped and code compiled are in the compile cache then
// (cli/compiled.js). What is missed here is made when it is needed; it only takes its memory there.
import './commands/dev.ts'
import { readFoldSources } from './fold-sources.ts'
import { readProjectProducts } from './read-products.ts'

/** What is loaded when it is first needed, and threads: these refuse to run here, when all that they need is loaded. */
const LOADED_LATER = [
  '../gateway/compose/compose-mesh.ts',
  '../gateway/plan/planning-worker.ts',
  '../platform/adapters/embedded-log/embedded-log.ts',
  '../platform/adapters/sqlite/sqlite-store.ts',
  '../platform/adapters/sqlite/checkpoint-thread.ts',
  '../platform/adapters/sqlite/reader-thread.ts',
  '../platform/adapters/sqlite/writer-thread.ts',
]

for (const file of LOADED_LATER) await import(file).catch(() => undefined)
await readFoldSources(await readProjectProducts())
// It runs when it is loaded, and ends the process.
process.argv.splice(2, Infinity, '--version')
await import('./main.ts')
