// The newest commits of every partition, in memory as they were written. Readers at the head are served from here and need no thread of the
// pool, all of which fsync may hold. Bounded per partition and over all; the oldest go first.
import { limits } from '../../limits.ts'

export interface Commit {
  readonly first: number
  /** The offset after its last record. */
  readonly next: number
  readonly frames: Buffer
}

interface Kept {
  readonly commit: Commit
  readonly of: RecentCommits
}

/** What all partitions of a log keep together. */
export class RecentBudget {
  #bytes = 0
  /** In the order of writing. */
  readonly #kept = new Set<Kept>()

  add(kept: Kept): void {
    this.#bytes += kept.commit.frames.length
    this.#kept.add(kept)
    for (const oldest of this.#kept) {
      if (this.#bytes <= limits.logRecentBytesTotalMax) break
      oldest.of.dropOldest()
    }
  }

  dropped(kept: Kept): void {
    this.#bytes -= kept.commit.frames.length
    this.#kept.delete(kept)
  }
}

export class RecentCommits {
  readonly #budget: RecentBudget
  #kept: Kept[] = []
  #bytes = 0

  constructor(budget: RecentBudget) {
    this.#budget = budget
  }

  add(commit: Commit): void {
    while (this.#kept.length > 0 && !this.#fits(commit)) this.dropOldest()
    // Larger than the bound: readers fetch it from the file. What is older has gone, so that no gap is left.
    if (!this.#fits(commit)) return
    const kept = { commit, of: this }
    this.#kept.push(kept)
    this.#bytes += commit.frames.length
    this.#budget.add(kept)
  }

  dropOldest(): void {
    const oldest = this.#kept.shift()
    if (oldest === undefined) return
    this.#bytes -= oldest.commit.frames.length
    this.#budget.dropped(oldest)
  }

  clear(): void {
    while (this.#kept.length > 0) this.dropOldest()
  }

  /** The commits from the one that holds the offset on; none if the offset is older than what is kept. */
  from(offset: number): readonly Commit[] {
    const oldest = this.#kept[0]
    if (oldest === undefined || offset < oldest.commit.first) return []
    // Readers are near the end, so the search begins there.
    let at = this.#kept.length - 1
    while (at > 0 && offset < (this.#kept[at]?.commit.first ?? 0)) at -= 1
    return this.#kept.slice(at).map((kept) => kept.commit)
  }

  #fits(commit: Commit): boolean {
    return (
      this.#kept.length < limits.logRecentCommitsMax && this.#bytes + commit.frames.length <= limits.logRecentBytesMax
    )
  }
}
