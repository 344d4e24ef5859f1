// What a command opens, closed after its work, the last first.

export async function withParts<T>(work: (parts: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const parts = new AsyncDisposableStack()
  let result: T
  try {
    result = await work(parts)
  } catch (error) {
    // What closing meets now (the disk is still full) follows from the failure and would hide it.
    await parts.disposeAsync().catch(() => undefined)
    throw error
  }
  await parts.disposeAsync()
  return result
}
