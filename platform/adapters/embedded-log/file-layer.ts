// The file operations of the log: node:fs/promises behind a type, so that tests can make a disk fail; durable replacement of
// small files; and how errors of the file system become errors of the log.
import * as fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MeshgateError } from '../../errors.ts'

export type { FileHandle } from 'node:fs/promises'

export interface FileLayer {
  open(path: string, flags: string): Promise<FileHandle>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

export const realFiles: FileLayer = fs

/** Makes renames, creations and deletions in a directory durable. Windows cannot open a directory, and journals its names itself. */
export async function syncDirectory(files: FileLayer, path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await files.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Replaces a file whole: after a crash it has the old content or the new. Durable when it resolves. */
export async function replaceFile(files: FileLayer, path: string, content: Uint8Array): Promise<void> {
  await replaceFileUnsynced(files, path, content, true)
  await syncDirectory(files, dirname(path))
}

/** As `replaceFile` without waiting for the disk where `sync` is false: for files with a checksum that can be made anew. */
export async function replaceFileUnsynced(
  files: FileLayer,
  path: string,
  content: Uint8Array,
  sync = false,
): Promise<void> {
  const temporary = `${path}.tmp`
  const handle = await files.open(temporary, 'w')
  try {
    await writeAll(handle, content, 0)
    if (sync) await handle.datasync()
  } finally {
    await handle.close()
  }
  await files.rename(temporary, path)
}

/** Writes every byte: a write may be short, most of all on a disk that is filling up. */
export async function writeAll(handle: FileHandle, content: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < content.length) {
    const { bytesWritten } = await handle.write(content, written, content.length - written, position + written)
    written += bytesWritten
  }
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled === length ? buffer : buffer.subarray(0, filled)
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What the file system's error means to a caller of the log. */
export function asLogError(error: unknown, what: string): MeshgateError {
  if (error instanceof MeshgateError) return error
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new MeshgateError(
      'LOG_DISK_FULL',
      `${what}: no space left on the disk. Free some; appends go on by themselves.`,
      error,
    )
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new MeshgateError(
    'LOG_UNAVAILABLE',
    `${what}: ${detail}. Check the data directory's disk; the call may be retried.`,
    error,
  )
}

export function closedError(): MeshgateError {
  return new MeshgateError('LOG_CLOSED', 'The log has been closed: the process is stopping.')
}
