// Makes a directory and those above it. Node's own recursive mkdir never returns below /proc, where a name can neither be made nor found:
// it goes up on ENOENT, finds the parent, and tries again for ever. Here each level is tried twice and no more.
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Resolves where the directory is there already. Rejects with the system's error, ENOTDIR where a file has the name. */
export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory)
  try {
    await makeOne(path)
  } catch (error) {
    const parent = dirname(path)
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || parent === path) throw error
    await makeDirectory(parent)
    await makeOne(path)
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    // Some systems refuse before they look (a read-only file system, a root that may not be written): what counts is what is there.
    const found = await stat(path).catch(() => null)
    if (found?.isDirectory() === true) return
    if (found !== null) throw Object.assign(new Error(`${path} is no directory`), { code: 'ENOTDIR', path })
    throw error
  }
}
