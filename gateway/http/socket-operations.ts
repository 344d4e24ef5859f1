// The operations under way on one WebSocket, and the messages that wait for one of them to end. An operation ends at once when its client
// completes it or leaves. graphql-ws 6 forgets an id when it is completed, but its operation still runs for a while and then takes a new
// operation of the same id with it: so messages that follow a complete wait until the completed operation has ended.

/** Hands a message to the protocol; resolves when everything that it started has ended. */
type Handle = (message: string) => Promise<void>

export interface SocketOperations {
  receive(message: string): void
  /** Called by the protocol while it is handed a subscribe message. The signal aborts when the client completes the operation or leaves. */
  begin(id: string): AbortSignal
  /** Calls it when the operation that was begun last under this id has ended. */
  whenEnded(id: string, action: () => void): void
  /** Lets those under way end and begins no more. Resolves when none is left. */
  finish(): Promise<void>
  /** Aborts all of them; nothing is received any more. */
  close(): void
}

interface Operation {
  readonly id: string
  readonly abort: AbortController
  readonly whenEnded: (() => void)[]
  completed: boolean
}

/** A complete message is its type and an id; ids of common clients are UUIDs. */
const COMPLETE_CHARACTERS_MAX = 1_024

export function createSocketOperations(handle: Handle, onError: (error: unknown) => void): SocketOperations {
  const operations = new Map<string, Operation>()
  const begun: Operation[] = []
  const waiting: string[] = []
  let ending = 0
  let closed = false
  let isFinishing = false
  const finished = Promise.withResolvers<void>()

  const end = (operation: Operation): void => {
    if (operations.get(operation.id) === operation) operations.delete(operation.id)
    if (operation.completed) ending--
    for (const action of operation.whenEnded) action()
    while (ending === 0 && waiting.length > 0) take(waiting.shift() ?? '')
    if (isFinishing && operations.size === 0) finished.resolve()
  }

  /** While the last ones end their clients may still complete them, and ask for signs of life. */
  const take = (message: string): void => {
    if (!isFinishing || typeOf(message) !== 'subscribe') dispatch(message)
  }

  const dispatch = (message: string): void => {
    const id = completedId(message)
    const completed = id === null ? undefined : operations.get(id)
    if (completed !== undefined && !completed.completed) {
      completed.completed = true
      ending++
      completed.abort.abort(new Error('The client has completed the operation.'))
    }
    const handled = handle(message).catch(onError)
    const operation = begun.pop()
    if (operation !== undefined) void handled.then(() => end(operation))
  }

  return {
    receive: (message) => {
      if (closed) return
      if (ending > 0) waiting.push(message)
      else take(message)
    },
    begin: (id) => {
      const operation = { id, abort: new AbortController(), whenEnded: [], completed: false }
      operations.set(id, operation)
      begun.push(operation)
      return operation.abort.signal
    },
    whenEnded: (id, action) => void operations.get(id)?.whenEnded.push(action),
    finish: () => {
      isFinishing = true
      if (operations.size === 0) finished.resolve()
      return finished.promise
    },
    close: () => {
      closed = true
      waiting.length = 0
      for (const { abort } of operations.values()) abort.abort(new Error('The client has left.'))
    },
  }
}

function typeOf(message: string): unknown {
  try {
    return (JSON.parse(message) as { type?: unknown } | null)?.type
  } catch {
    return undefined
  }
}

function completedId(message: string): string | null {
  if (message.length > COMPLETE_CHARACTERS_MAX || !message.includes('complete')) return null
  try {
    const parsed = JSON.parse(message) as { type?: unknown; id?: unknown } | null
    return parsed?.type === 'complete' && typeof parsed.id === 'string' ? parsed.id : null
  } catch {
    return null
  }
}
