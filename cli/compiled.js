// Sees to it that the sources' types are stripped before the process that needs memory for its work begins: what strips them stays for a process's
// life, 16 MB in each thread that loaded one file. So a process before it loads what `meshgate dev` loads, which leaves it in the compile cache.
// Plain JavaScript without dependencies, like all of the launcher.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from './run-child.js'

/** Of the sources that `meshgate dev` loads. */
const FOLDERS = ['cli', 'gateway', 'ingest', 'platform', 'samples', 'schema', 'subgraphs']
/** Ended by a signal: shells have 128 + its number. */
const SIGNAL_CODE_MIN = 128

/**
 * Runs cli/compile.ts where a source is newer than what was compiled last. Null, or the exit code where a signal ended it. Whatever else goes wrong
 * the start itself tells: it needs no cache.
 */
export async function ensureCompiled({ root, executable, flags, environment }) {
  const marker = join(environment.NODE_COMPILE_CACHE, 'meshgate-compiled')
  try {
    const compiledMs = statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (!FOLDERS.some((folder) => isNewer(join(root, folder), compiledMs))) return null
    const startedSeconds = Date.now() / 1_000
    const options = { env: environment, stdio: 'ignore' }
    const code = await runChild(executable, [...flags, join(root, 'cli', 'compile.ts')], options)
    if (code >= SIGNAL_CODE_MIN) return code
    mkdirSync(environment.NODE_COMPILE_CACHE, { recursive: true })
    writeFileSync(marker, `${startedSeconds}\n`)
  } catch {
    // A checkout that cannot be written, or half of one: it starts without.
  }
  return null
}

function isNewer(folder, thanMs) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) =>
      entry.isFile() &&
      entry.name.endsWith('.ts') &&
      statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs > thanMs,
  )
}
