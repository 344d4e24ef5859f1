// Answers of a stream, and somebody who is told of their end.

/** `onEnd` is called when they are over or nobody wants more of them; perhaps more than once. */
export function noticingEnd<Answer>(
  responses: AsyncIterableIterator<Answer>,
  onEnd: () => void,
): AsyncIterableIterator<Answer> {
  const noticing: AsyncIterableIterator<Answer> = {
    async next() {
      const result = await responses.next()
      if (result.done === true) onEnd()
      return result
    },
    async return() {
      onEnd()
      return (await responses.return?.()) ?? { value: undefined, done: true }
    },
    [Symbol.asyncIterator]: () => noticing,
  }
  return noticing
}
