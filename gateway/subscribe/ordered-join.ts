// Joins events of a stream asynchronously and hands the results on in the stream's order, a bounded number of them under way.

export interface OrderedJoinOptions<Event, Joined> {
  readonly events: AsyncIterable<Event>
  readonly join: (event: Event) => Promise<Joined>
  /** Where it gives a promise, nothing more is handed on before that has resolved. */
  readonly publish: (joined: Joined) => Promise<void> | undefined
  readonly inFlightMax: number
}

/** Resolves when the stream has completed and everything is published; rejects likewise when the stream or a join fails. */
export async function joinInOrder<Event, Joined>(options: OrderedJoinOptions<Event, Joined>): Promise<void> {
  const inFlight: Promise<void>[] = []
  let last: Promise<void> = Promise.resolve()
  let failed = false
  try {
    for await (const event of options.events) {
      const joined = options.join(event)
      // Awaited in its turn; until then a rejection must not count as unhandled.
      joined.catch(() => undefined)
      last = publishAfter(last, joined, options.publish)
      last.catch(() => (failed = true))
      inFlight.push(last)
      if (inFlight.length >= options.inFlightMax) await inFlight.shift()
      if (failed) break
    }
  } finally {
    await last
  }
}

async function publishAfter<Joined>(
  previous: Promise<void>,
  joined: Promise<Joined>,
  publish: OrderedJoinOptions<unknown, Joined>['publish'],
): Promise<void> {
  await previous
  const handedOn = publish(await joined)
  if (handedOn !== undefined) await handedOn
}
