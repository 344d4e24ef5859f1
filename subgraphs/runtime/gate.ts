// Lets a bounded number of tasks run at a time; the others wait their turn.

export interface Gate {
  run<Result>(task: () => Promise<Result>): Promise<Result>
}

export function createGate(inFlightMax: number): Gate {
  const waiting: (() => void)[] = []
  let inFlight = 0
  return {
    async run(task) {
      if (inFlight >= inFlightMax) {
        // Whoever leaves hands its place over, so `inFlight` stays as it is.
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else {
        inFlight++
      }
      try {
        return await task()
      } finally {
        const next = waiting.shift()
        if (next === undefined) inFlight--
        else next()
      }
    },
  }
}
