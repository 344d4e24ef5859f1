// The last supergraph of a URL that was served, kept in a file: a gateway starts with it while the URL is away. Its first line says whose copy it
// is, so that another mesh's is never taken for it; the file's time is when it was last seen there.
import { readFile, stat, utimes } from 'node:fs/promises'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { writeWhole } from '../write-whole.ts'

export interface KeptSupergraph {
  readonly supergraphSdl: string
  readonly seenAtMs: number
}

export class SupergraphCopy {
  readonly #path: string
  readonly #head: string
  readonly #clock: Clock
  #markedAtMs = Number.NEGATIVE_INFINITY

  /** `source`: the name of the URL. */
  constructor(path: string, source: string, clock: Clock) {
    this.#path = path
    this.#head = `# Meshgate's copy of ${source}\n`
    this.#clock = clock
  }

  /** Null where there is none of this source. Rejects with FILE_UNREADABLE. */
  async read(): Promise<KeptSupergraph | null> {
    try {
      const [text, { mtimeMs }] = await Promise.all([readFile(this.#path, 'utf8'), stat(this.#path)])
      return text.startsWith(this.#head) ? { supergraphSdl: text.slice(this.#head.length), seenAtMs: mtimeMs } : null
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw new MeshgateError('FILE_UNREADABLE', `The copy of the supergraph, ${this.#path}, cannot be read.`, error)
    }
  }

  /** Rejects as the system does. */
  async keep(supergraphSdl: string): Promise<void> {
    await writeWhole(this.#path, this.#head + supergraphSdl)
    this.#markedAtMs = this.#clock.monotonic()
  }

  /** What is kept is still there. Not written at every look. */
  async seen(): Promise<void> {
    if (this.#clock.monotonic() - this.#markedAtMs < limits.supergraphCopyMarkMs) return
    this.#markedAtMs = this.#clock.monotonic()
    const now = new Date(this.#clock.now())
    await utimes(this.#path, now, now)
  }
}
