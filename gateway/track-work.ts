// Knows what is under way, so that what it uses is released only afterwards.
export interface WorkTracker {
  track: <Result>(work: Promise<Result>) => Promise<Result>
  /** Resolves when nothing is under way. */
  idle: () => Promise<void>
}

export function trackWork(): WorkTracker {
  let underWay = 0
  let waiting: (() => void)[] = []
  const forget = (): void => {
    underWay--
    if (underWay > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }
  return {
    track: (work) => {
      underWay++
      work.then(forget, forget)
      return work
    },
    idle: async () => {
      do {
        if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve))
        // A request that has been prepared starts to run before the next turn of the loop.
        await new Promise((resolve) => setImmediate(resolve))
      } while (underWay > 0)
    },
  }
}
