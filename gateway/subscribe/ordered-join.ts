// Joins events of a stream asynchronously and hands the results on in the stream's order, a bounded number of them under way.

export interface OrderedJoinOptions<Event, Joined> {
  readonly events: AsyncIterable<Event>
  readonly join: (event: Event) => Promise<Joined>
  readonly publish: (joined: Joined) => void
  readonly inFlightMax: number
}

/** Resolves when the stream has completed and everything is published; rejects likewise when the stream or a join fails. */
export async function joinInOrder<Event, Joined>(options: OrderedJoinOptions<Event, Joined>): Promise<void> {
  const inFlight: Promise<Joined>[] = []
  const publishOldest = async (): Promise<void> => {
    const oldest = inFlight.shift()
    if (oldest !== undefined) options.publish(await oldest)
  }
  let publishing = Promise.resolve()
  const failed = { error: null as unknown }
  try {
    for await (const event of options.events) {
      const joined = options.join(event)
      // Awaited in its turn; until then a rejection must not count as unhandled.
      joined.catch(() => undefined)
      inFlight.push(joined)
      publishing = publishing.then(publishOldest)
      publishing.catch((error: unknown) => (failed.error = error))
      if (inFlight.length >= options.inFlightMax) await publishing
      if (failed.error !== null) break
    }
  } finally {
    await publishing
  }
}
