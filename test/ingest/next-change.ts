import type { ChangeStream, SelectedChange } from '../../subgraphs/runtime/change-stream.ts'

/** Throws where the stream has ended. */
export async function nextChange(stream: ChangeStream): Promise<SelectedChange> {
  for (;;) {
    const next = await stream.next()
    if (next === null) throw new Error('The stream has ended.')
    if (next.kind === 'change') return next
  }
}
