// Appends posts as a careful producer does: some at a time, in order per partition, again after a failure or a kill whose outcome it cannot
// know. Notes where every acknowledged delivery lies.
import { setTimeout as sleep } from 'node:timers/promises'
import { MeshgateError } from '../../platform/errors.ts'
import type { AppendRecord, Position } from '../../platform/ports/event-log.ts'
import type { Post } from './workload.ts'

export interface Appendable {
  append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]>
}

export interface Acknowledged {
  readonly delivery: number
  readonly position: Position
}

export interface AppendPostsOptions {
  /** Where to append now; waits while the mesh is away. Rejects when the appending shall end. */
  readonly target: () => Promise<Appendable>
  /** Between two posts, so that ingest has something to do meanwhile. */
  readonly pauseMs: () => number
  /** Acknowledged deliveries are added here as they are known. */
  readonly acknowledged: Acknowledged[]
}

const RETRY_MS = 10

/** Resolves when every post has been acknowledged. */
export async function appendPosts(posts: readonly Post[], options: AppendPostsOptions): Promise<void> {
  for (const post of posts) {
    await appendPost(post, options)
    const pauseMs = options.pauseMs()
    if (pauseMs > 0) await sleep(pauseMs)
  }
}

async function appendPost({ product, records, deliveries }: Post, options: AppendPostsOptions): Promise<void> {
  for (;;) {
    const target = await options.target()
    try {
      const positions = await target.append(product.topic, records)
      for (const [index, position] of positions.entries())
        options.acknowledged.push({ delivery: deliveries[index] ?? -1, position })
      return
    } catch (error) {
      // Whatever it is: a producer that gives up would lose the record. What cannot be mended shows as a run that does not end.
      if (error instanceof MeshgateError && !error.retryable && error.code !== 'LOG_CLOSED') throw error
      await sleep(RETRY_MS)
    }
  }
}
