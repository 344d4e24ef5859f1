// Writes a file so that whoever reads it finds the old text or the new one, and never a part.
import { randomUUID } from 'node:crypto'
import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function writeWhole(path: string, text: string): Promise<void> {
  const existing = await stat(path).catch(() => null)
  // A pipe or a device is written to, not replaced.
  if (existing !== null && !existing.isFile()) return writeFile(path, text)
  const draft = `${path}.${randomUUID()}.draft`
  try {
    await writeFile(draft, text, { flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    // The draft's name says nothing to whoever named the file; what can be missing is its directory.
    if (error instanceof Error && 'code' in error) {
      Object.assign(error, { path: error.code === 'ENOENT' ? dirname(path) : path })
    }
    throw error
  }
}
