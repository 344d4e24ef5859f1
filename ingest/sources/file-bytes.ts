// A file's bytes as a stream, unpacked where it is gzip (told by its first bytes, not by its name), and the hash of its content.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { createGunzip, type Gunzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { MeshgateError } from '../../platform/errors.ts'

const CHUNK_BYTES = 262_144

/** Chunks of the unpacked content. `onRead` is told how many bytes of the file have been read so far. */
export async function* fileBytes(path: string | URL, onRead?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const zipped = await isGzip(path)
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const unpacked = zipped ? createGunzip({ chunkSize: CHUNK_BYTES }) : file
  // An error of either stream ends the other, and the reading below with it.
  const piped = unpacked === file ? null : pipeline(file, unpacked as Gunzip).catch(() => undefined)
  try {
    for await (const chunk of unpacked) {
      onRead?.(file.bytesRead)
      yield chunk as Buffer
    }
  } catch (error) {
    if (!zipped) throw unreadable(path, error)
    throw new MeshgateError('SOURCE_INVALID', `${String(path)} is not whole gzip data. Mend the file.`, error)
  } finally {
    file.destroy()
    unpacked.destroy()
    await piped
  }
}

async function isGzip(path: string | URL): Promise<boolean> {
  let file: FileHandle | null = null
  try {
    file = await open(path)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    await file?.close()
  }
}

/** SHA-256 (hex) over the files' bytes in order, as they are on disk. */
export async function contentHash(paths: readonly (string | URL)[]): Promise<string> {
  const whole = createHash('sha256')
  for (const path of paths) {
    const hash = createHash('sha256')
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer)
    } catch (error) {
      throw unreadable(path, error)
    }
    whole.update(hash.digest())
  }
  return whole.digest('hex')
}

function unreadable(path: string | URL, error: unknown): MeshgateError {
  if (error instanceof MeshgateError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new MeshgateError(
    'FILE_UNREADABLE',
    `${String(path)} cannot be read: ${reason}. Check path and permissions.`,
    error,
  )
}
