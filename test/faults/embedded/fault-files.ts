// The log's files with faults: operations that fail as a disk does, and operations in which the process dies. It knows what of each file has
// been synced, so that whoever comes after a death can take away what a loss of power would.
import * as fs from 'node:fs/promises'
import type { FileHandle, FileLayer } from '../../../platform/adapters/embedded-log/file-layer.ts'

/** Buffer, place in it, length, position in the file. */
type Stretch = [buffer: Uint8Array, at: number, length: number, position: number]
type Operation = 'open' | 'write' | 'datasync' | 'sync' | 'truncate' | 'rename' | 'unlink'

export interface FilePoints {
  /** Called before and after every operation that changes something. */
  readonly onOperation: () => void
  /** Bytes of the write in hand to write before `onTorn` is called; null: it is written whole. */
  readonly torn: (length: number) => number | null
  readonly onTorn: () => void
  /** The error's code with which the operation fails; null: it is done. */
  readonly failure: (operation: Operation) => 'EIO' | 'ENOSPC' | null
}

/** What is known of a file: bytes from the start that survive a loss of power. */
export type DurableBytes = Readonly<Record<string, number>>

export class FaultFiles implements FileLayer {
  readonly #points: FilePoints
  readonly #durable = new Map<string, number>()
  readonly #written = new Map<string, number>()

  constructor(points: FilePoints) {
    this.#points = points
  }

  /** Of every file that has been written, by its path. */
  durable(): DurableBytes {
    return Object.fromEntries([...this.#written.keys()].map((path) => [path, this.#durable.get(path) ?? 0]))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#do('rename', () => fs.rename(from, to))
    for (const known of [this.#durable, this.#written]) {
      const bytes = known.get(from)
      known.delete(from)
      if (bytes === undefined) known.delete(to)
      else known.set(to, bytes)
    }
  }

  async unlink(path: string): Promise<void> {
    await this.#do('unlink', () => fs.unlink(path))
    this.#durable.delete(path)
    this.#written.delete(path)
  }

  async open(path: string, flags: string): Promise<FileHandle> {
    const handle = flags === 'r' ? await fs.open(path, flags) : await this.#do('open', () => fs.open(path, flags))
    if (flags === 'r') return handle
    const { size } = await handle.stat()
    // Found there: older than this process, so what a crash of it takes away is not this.
    if (!this.#written.has(path)) this.#durable.set(path, size)
    this.#written.set(path, size)
    return new Proxy(handle, { get: (target, name) => this.#member(target, path, name) })
  }

  #member(handle: FileHandle, path: string, name: string | symbol): unknown {
    if (name === 'write') return (...stretch: Stretch) => this.#write(handle, path, stretch)
    if (name === 'datasync' || name === 'sync') {
      return async () => {
        const written = this.#written.get(path) ?? 0
        await this.#do(name, () => handle[name]())
        this.#durable.set(path, Math.max(written, this.#durable.get(path) ?? 0))
      }
    }
    if (name === 'truncate') {
      return async (length: number) => {
        await this.#do('truncate', () => handle.truncate(length))
        this.#written.set(path, length)
        this.#durable.set(path, Math.min(length, this.#durable.get(path) ?? 0))
      }
    }
    const member: unknown = Reflect.get(handle, name)
    return typeof member === 'function' ? (member.bind(handle) as unknown) : member
  }

  async #write(handle: FileHandle, path: string, [from, at, length, position]: Stretch): Promise<unknown> {
    const failure = this.#points.failure('write')
    this.#points.onOperation()
    const torn = this.#points.torn(length)
    // A disk that is filling up takes a part first.
    const taken = torn ?? (failure === 'ENOSPC' ? Math.floor(length / 2) : length)
    if (failure === 'EIO') throw failed(failure)
    const result = taken > 0 ? await handle.write(from, at, taken, position) : { bytesWritten: 0 }
    this.#written.set(path, Math.max(position + result.bytesWritten, this.#written.get(path) ?? 0))
    if (torn !== null) this.#points.onTorn()
    if (failure === 'ENOSPC') throw failed(failure)
    this.#points.onOperation()
    return result
  }

  async #do<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    const failure = this.#points.failure(operation)
    if (failure !== null) throw failed(failure)
    this.#points.onOperation()
    const result = await run()
    this.#points.onOperation()
    return result
  }
}

function failed(code: string): Error {
  return Object.assign(new Error(`${code}: by the fault suite`), { code })
}
