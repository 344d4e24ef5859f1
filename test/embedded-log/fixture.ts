// A log in a directory of its own, on a clock that the test moves, and access to its files.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { EmbeddedLog, EmbeddedLogOptions } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { ManualClock } from '../manual-clock.ts'
import { TOPIC } from './fixture-topic.ts'

export { TOPIC } from './fixture-topic.ts'

export class Fixture {
  readonly directory: string
  readonly clock = new ManualClock()
  readonly #options: Partial<EmbeddedLogOptions>

  constructor(directory: string, options: Partial<EmbeddedLogOptions>) {
    this.directory = directory
    this.#options = options
  }

  /** Opens the log, with the topic in it. The test closes it. */
  async open(topic: { retentionMs?: number; compacted?: boolean; partitions?: number } = {}): Promise<EmbeddedLog> {
    const log = await this.openAsItIs()
    const { retentionMs = null, compacted = false, partitions = 1 } = topic
    await log.createTopics([{ name: TOPIC, partitions, retentionMs, compacted }])
    return log
  }

  openAsItIs(): Promise<EmbeddedLog> {
    return openEmbeddedLog({ directory: this.directory, clock: this.clock, ...this.#options })
  }

  get partitionDirectory(): string {
    return join(this.directory, 'topics', TOPIC, '0')
  }

  async segments(): Promise<string[]> {
    const names = (await readdir(this.partitionDirectory)).filter((name) => name.endsWith('.log'))
    return names.toSorted().map((name) => join(this.partitionDirectory, name))
  }

  async lastSegment(): Promise<{ path: string; bytes: Buffer }> {
    const path = (await this.segments()).at(-1) ?? ''
    return { path, bytes: await readFile(path) }
  }

  /** As after a crash: nothing tells how far the files are whole. */
  async removeIndexes(): Promise<void> {
    const names = (await readdir(this.partitionDirectory)).filter((name) => name.endsWith('.index'))
    for (const name of names) await rm(join(this.partitionDirectory, name))
  }
}

export async function fixture(options: Partial<EmbeddedLogOptions> = {}): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-log-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return new Fixture(directory, options)
}

export function values(records: readonly LogRecord[]): string[] {
  return records.map(({ value }) => (value === null ? '-' : Buffer.from(value).toString()))
}
