// The committed positions of one consumer group, in a file of its own: frames { u32 body length | u32 crc32 | f64 offset | u32 partition |
// topic }, the last of a partition counts. Commits that arrive while one is written go together into the next. A torn or damaged tail is cut:
// positions then are older, which repeats records and never skips one. The file is rewritten whole when most of it is superseded.
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { limits } from '../../limits.ts'
import type { Position } from '../../ports/event-log.ts'
import { asLogError, closedError, errorCode, replaceFile, writeAll } from './file-layer.ts'
import type { FileHandle, FileLayer } from './file-layer.ts'

const FRAME_HEADER_BYTES = 8
const TOPIC_AT = FRAME_HEADER_BYTES + 12

interface PendingCommit {
  readonly position: Position
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class GroupPositions {
  readonly #files: FileLayer
  readonly #path: string
  readonly #committed: Map<string, Position>
  /** Null until the first commit, and after a failure: then the next commit writes the file whole. */
  #handle: FileHandle | null = null
  #bytes = 0
  #liveBytes = 0
  #pending: PendingCommit[] = []
  #writing: Promise<void> | null = null
  #closed = false

  private constructor(files: FileLayer, path: string, committed: Map<string, Position>) {
    this.#files = files
    this.#path = path
    this.#committed = committed
  }

  static async open(files: FileLayer, path: string): Promise<GroupPositions> {
    return new GroupPositions(files, path, await readPositions(path))
  }

  /** The next offset of a partition; null where none has been committed. */
  committed(topic: string, partition: number): number | null {
    return this.#committed.get(keyOf(topic, partition))?.offset ?? null
  }

  /** Resolves when durable. LOG_CLOSED once closed: the file may be another process's then. */
  commit(position: Position): Promise<void> {
    if (this.#closed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      this.#pending.push({ position, resolve, reject })
      this.#writing ??= this.#writePending()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#handle?.close()
    this.#handle = null
  }

  async #writePending(): Promise<void> {
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const commits = this.#pending
      this.#pending = []
      try {
        await this.#write(commits.map((commit) => commit.position))
        for (const commit of commits) commit.resolve()
      } catch (error) {
        await this.#handle?.close().catch(() => undefined)
        this.#handle = null
        const failure = asLogError(error, `Positions ${this.#path} cannot be written`)
        for (const commit of commits) commit.reject(failure)
      }
    }
    this.#writing = null
  }

  async #write(positions: readonly Position[]): Promise<void> {
    const frames = Buffer.concat(positions.map(encodePosition))
    const garbageBytes = this.#bytes - this.#liveBytes
    if (this.#handle === null || garbageBytes > limits.logPositionsGarbageBytesMax + this.#liveBytes) {
      await this.#rewrite(positions)
    } else {
      await writeAll(this.#handle, frames, this.#bytes)
      await this.#handle.datasync()
      this.#bytes += frames.length
    }
    for (const position of positions) this.#committed.set(keyOf(position.topic, position.partition), position)
  }

  async #rewrite(positions: readonly Position[]): Promise<void> {
    const live = new Map(this.#committed)
    for (const position of positions) live.set(keyOf(position.topic, position.partition), position)
    const content = Buffer.concat([...live.values()].map(encodePosition))
    await this.#handle?.close()
    this.#handle = null
    await replaceFile(this.#files, this.#path, content)
    this.#handle = await this.#files.open(this.#path, 'r+')
    this.#bytes = content.length
    this.#liveBytes = content.length
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}:${String(partition)}`
}

function encodePosition(position: Position): Buffer {
  const topicBytes = Buffer.byteLength(position.topic)
  const bytes = Buffer.alloc(TOPIC_AT + topicBytes)
  bytes.writeUInt32LE(bytes.length - FRAME_HEADER_BYTES, 0)
  bytes.writeDoubleLE(position.offset, 8)
  bytes.writeUInt32LE(position.partition, 16)
  bytes.write(position.topic, TOPIC_AT)
  bytes.writeUInt32LE(crc32(bytes.subarray(FRAME_HEADER_BYTES)), 4)
  return bytes
}

async function readPositions(path: string): Promise<Map<string, Position>> {
  const positions = new Map<string, Position>()
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0)
    throw asLogError(error, `Positions ${path} cannot be read`)
  })
  for (let at = 0; at + TOPIC_AT <= bytes.length;) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32LE(at)
    if (end > bytes.length || end < at + TOPIC_AT) break
    if (crc32(bytes.subarray(at + FRAME_HEADER_BYTES, end)) !== bytes.readUInt32LE(at + 4)) break
    const topic = bytes.toString('utf8', at + TOPIC_AT, end)
    const partition = bytes.readUInt32LE(at + 16)
    positions.set(keyOf(topic, partition), { topic, partition, offset: bytes.readDoubleLE(at + 8) })
    at = end
  }
  return positions
}
