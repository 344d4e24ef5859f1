// The cursor key of a laptop, where nobody configures one: made once, kept in the data directory, readable by its owner only. Cursors
// outlive a restart by it.
import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { MeshgateError } from './errors.ts'
import { CURSOR_KEY_BYTES } from './settings.ts'

export async function keptCursorKey(path: string): Promise<Uint8Array> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept === null) {
    const key = randomBytes(CURSOR_KEY_BYTES)
    // Renamed into place: a process killed here leaves no half of a key.
    const written = `${path}.new`
    await writeFile(written, `${key.toString('base64')}\n`, { mode: 0o600, flush: true })
    await rename(written, path)
    return new Uint8Array(key)
  }
  const key = Buffer.from(kept, 'base64')
  if (key.length === CURSOR_KEY_BYTES) return new Uint8Array(key)
  throw new MeshgateError(
    'CONFIG_INVALID',
    `${path} does not hold a key of ${CURSOR_KEY_BYTES} bytes. Delete it (open cursors end), or set MESHGATE_CURSOR_KEY.`,
  )
}
