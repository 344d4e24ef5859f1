// Keeps the cursor of a subscription where a page that is loaded again finds it. Saves now and then, the last one always.

/**
 * Where cursors outlive the page, such as localStorage. It may answer at once or by a promise; where it fails, the subscription goes on
 * without it.
 */
export interface CursorStorage {
  /** Null or undefined: none. */
  load(id: string): string | null | undefined | Promise<string | null | undefined>
  save(id: string, cursor: string): void | Promise<void>
  /** The cursor is of no use any more. */
  remove?(id: string): void | Promise<void>
}

export interface CursorSaver {
  load(): Promise<string | undefined>
  /** Where the stream begins: saved at once. */
  begun(cursor: string): void
  /** The event that it came with has been delivered. */
  saved(cursor: string): void
  remove(): void
  /** Saves what waits. */
  flush(): void
}

export interface CursorSaverOptions {
  readonly storage: CursorStorage
  readonly id: string
  /** Between saves; 0: with every event. */
  readonly saveMs: number
}

/** Calls what may throw, reject or neither: a storage that is full must not end the subscription. */
const quietly = (call: () => unknown): void => {
  try {
    Promise.resolve(call()).catch(() => undefined)
  } catch {
    // See above.
  }
}

export function createCursorSaver({ storage, id, saveMs }: CursorSaverOptions): CursorSaver {
  let waiting: string | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const save = (): void => {
    timer = undefined
    const cursor = waiting
    waiting = undefined
    if (cursor !== undefined) quietly(() => storage.save(id, cursor))
  }
  const drop = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  return {
    async load() {
      try {
        return (await storage.load(id)) ?? undefined
      } catch {
        return undefined
      }
    },
    begun(cursor) {
      drop()
      waiting = cursor
      save()
    },
    saved(cursor) {
      waiting = cursor
      if (saveMs <= 0) save()
      else timer ??= setTimeout(save, saveMs)
    },
    remove() {
      drop()
      waiting = undefined
      quietly(() => storage.remove?.(id))
    },
    flush() {
      drop()
      save()
    },
  }
}
