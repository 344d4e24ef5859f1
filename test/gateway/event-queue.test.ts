// The events that wait for one client, iterated and piped.
import { describe, expect, test } from 'vitest'
import { EventQueue, type EventQueueOptions, type EventSink } from '../../gateway/subscribe/event-queue.ts'

interface Change {
  readonly number: number
  readonly replaced?: number
}

function queueOf(options: Partial<EventQueueOptions<Change>> = {}): EventQueue<Change> {
  return new EventQueue<Change>({
    eventsMax: 4,
    cursor: undefined,
    onOverflow: (cursor) => new Error(`slow at ${cursor}`),
    onReturn: () => undefined,
    ...options,
  })
}

function push(queue: EventQueue<Change>, ...numbers: readonly number[]): void {
  for (const number of numbers) queue.push({ event: { number }, cursor: `c${number}`, key: `k${number % 2}` })
}

/** Has room for so many, and says how many more when it is told. */
class Sink implements EventSink<Change> {
  readonly written: Change[] = []
  #room: number
  #ready: (() => void) | null = null

  constructor(room: number) {
    this.#room = room
  }

  write(event: Change): boolean {
    expect(this.#room, 'nothing is written without room').toBeGreaterThan(0)
    this.written.push(event)
    this.#room -= 1
    return this.#room > 0
  }

  whenRoom(ready: () => void): void {
    this.#ready = ready
  }

  async make(room: number): Promise<void> {
    this.#room = room
    const ready = this.#ready
    this.#ready = null
    ready?.()
    await turn()
  }

  get numbers(): number[] {
    return this.written.map(({ number }) => number)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('piped', () => {
  test('what waited comes first, then what comes is written within the push', async () => {
    const [queue, sink] = [queueOf(), new Sink(100)]
    push(queue, 1, 2)
    const piped = queue.pipeTo(sink)
    await turn()
    push(queue, 3)
    expect([sink.numbers, queue.cursor]).toEqual([[1, 2, 3], 'c3'])
    queue.complete()
    await expect(piped).resolves.toBeUndefined()
    push(queue, 4)
    expect(sink.numbers).toEqual([1, 2, 3])
  })

  test('while the sink has no room events wait, and come in order', async () => {
    const [queue, sink] = [queueOf(), new Sink(1)]
    const piped = queue.pipeTo(sink)
    push(queue, 1, 2, 3)
    await turn()
    expect(sink.numbers).toEqual([1])
    await sink.make(1)
    expect(sink.numbers).toEqual([1, 2])
    push(queue, 4)
    await sink.make(100)
    push(queue, 5)
    expect(sink.numbers).toEqual([1, 2, 3, 4, 5])
    queue.complete()
    await piped
  })

  test('a full queue ends with its last cursor, behind everything that it held', async () => {
    let told = 0
    const [queue, sink] = [queueOf({ onReturn: () => (told += 1) }), new Sink(1)]
    const piped = queue.pipeTo(sink)
    push(queue, 1, 2, 3, 4, 5, 6, 7)
    expect(told).toBe(1)
    void sink.make(100)
    await expect(piped).rejects.toThrow('slow at c5')
    expect(sink.numbers).toEqual([1, 2, 3, 4, 5])
  })

  test('a slow sink that wants the latest of each key has what waits replaced', async () => {
    const [queue, sink] = [queueOf({ conflate: (event, replaced) => ({ ...event, replaced }) }), new Sink(1)]
    void queue.pipeTo(sink)
    push(queue, 1, 2, 3, 4, 5, 6)
    await sink.make(100)
    expect(sink.written).toEqual([{ number: 1 }, { number: 5, replaced: 1 }, { number: 6, replaced: 2 }])
    push(queue, 7)
    expect(sink.numbers).toEqual([1, 5, 6, 7])
  })

  test('a sink that fails ends its stream; whoever pushes goes on', async () => {
    let told = 0
    const queue = queueOf({ onReturn: () => (told += 1) })
    const failing: EventSink<Change> = {
      write: ({ number }) => {
        if (number === 2) throw new Error('unwritable')
        return true
      },
      whenRoom: () => undefined,
    }
    const piped = queue.pipeTo(failing)
    push(queue, 1, 2, 3)
    await expect(piped).rejects.toThrow('unwritable')
    expect(told).toBe(1)
  })

  test('who leaves while the sink is full is not written to any more', async () => {
    const [queue, sink] = [queueOf(), new Sink(1)]
    const piped = queue.pipeTo(sink)
    push(queue, 1, 2)
    await queue.return()
    await sink.make(100)
    await piped
    expect(sink.numbers).toEqual([1])
  })
})

test('whoever fills it can wait until half of it is free, or it has ended', async () => {
  const queue = queueOf()
  push(queue, 1, 2, 3)
  let hasRoom = false
  const room = queue.room().then(() => (hasRoom = true))
  await turn()
  expect([queue.hasRoom, hasRoom]).toEqual([false, false])
  await queue.next()
  await room
  expect(queue.hasRoom).toBe(true)
  push(queue, 4, 5)
  const ended = queue.room()
  await queue.return()
  await ended
})
