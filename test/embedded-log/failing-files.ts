// A file layer whose disk fails when the test says so.
import * as fs from 'node:fs/promises'
import type { FileHandle, FileLayer } from '../../platform/adapters/embedded-log/file-layer.ts'

/** Buffer, place in it, length, position in the file. */
type Stretch = [buffer: Uint8Array, at: number, length: number, position: number]

export class FailingFiles implements FileLayer {
  /** Bytes that may still be written to segments; then ENOSPC, the last write being short. */
  bytesLeft = Infinity
  /** Number of fsyncs that will fail from now on. */
  syncFailures = 0
  /** Number of files that will fail to open for writing from now on. */
  openFailures = 0
  /** Number of files that will fail to be unlinked from now on. */
  unlinkFailures = 0
  /** Whether the next fsync of a directory behind a rename of a segment fails. */
  renameUnsynced = false
  #renamed = false
  /** The next opening of a file for reading waits for it. */
  nextOpening: Promise<void> | null = null
  /** Number of fsyncs so far. */
  syncs = 0
  /** Reads wait for it. */
  readable: Promise<void> = Promise.resolve()
  /** Bytes read from files since the test last set it. */
  bytesRead = 0

  async rename(from: string, to: string): Promise<void> {
    await fs.rename(from, to)
    this.#renamed ||= to.endsWith('.log')
  }

  async unlink(path: string): Promise<void> {
    if (this.unlinkFailures > 0) {
      this.unlinkFailures -= 1
      throw failure('EIO')
    }
    await fs.unlink(path)
  }

  async open(path: string, flags: string): Promise<FileHandle> {
    if (flags === 'r+' && this.openFailures > 0) {
      this.openFailures -= 1
      throw failure('EIO')
    }
    const opening = flags === 'r' ? this.nextOpening : null
    if (opening !== null) this.nextOpening = null
    await opening
    const handle = await fs.open(path, flags)
    return new Proxy(handle, { get: (target, name) => this.#operation(target, name) })
  }

  #operation(handle: FileHandle, name: string | symbol): unknown {
    if (name === 'write') return this.#write.bind(this, handle)
    if (name === 'read') return this.#read.bind(this, handle)
    if (name === 'datasync') return () => this.#sync(handle)
    if (name === 'sync') return () => this.#syncDirectory(handle)
    const member: unknown = Reflect.get(handle, name)
    return typeof member === 'function' ? (member.bind(handle) as unknown) : member
  }

  async #write(handle: FileHandle, ...[from, at, length, position]: Stretch): Promise<unknown> {
    if (this.bytesLeft === 0) throw failure('ENOSPC')
    const written = await handle.write(from, at, Math.min(length, this.bytesLeft), position)
    this.bytesLeft -= written.bytesWritten
    return written
  }

  async #read(handle: FileHandle, ...[into, at, length, position]: Stretch): Promise<unknown> {
    await this.readable
    const read = await handle.read(into, at, length, position)
    this.bytesRead += read.bytesRead
    return read
  }

  async #sync(handle: FileHandle): Promise<void> {
    this.syncs += 1
    if (this.syncFailures === 0) return await handle.datasync()
    this.syncFailures -= 1
    throw failure('EIO')
  }

  async #syncDirectory(handle: FileHandle): Promise<void> {
    if (!this.renameUnsynced || !this.#renamed) return await handle.sync()
    this.renameUnsynced = false
    throw failure('EIO')
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
