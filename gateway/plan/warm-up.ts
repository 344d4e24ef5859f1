// Plans what was asked of an earlier supergraph before it is asked of this one: one operation after the other, requests between them.
import { setImmediate } from 'node:timers/promises'
import type { PlannedOperation, Preparer } from './prepare-operation.ts'

/** Never rejects: what the supergraph no longer has is passed over, and the rest is planned when it is asked. Ends early once `isOver`. */
export async function warmUp(
  preparer: Preparer,
  operations: readonly PlannedOperation[],
  isOver: () => boolean,
): Promise<void> {
  for (const { query, operationName, variables, requirementsMet } of operations) {
    await setImmediate()
    if (isOver()) return
    try {
      const valid = await preparer.validate(query, operationName, undefined)
      if (valid.kind === 'invalid') continue
      // Labels of progressive @override are drawn by request: most requests have none.
      const isLabelActive = (label: string): boolean => requirementsMet.includes(label)
      await preparer.plan(valid, { variables, isLabelActive, signal: undefined })
    } catch {
      // Whoever asks for it hears why.
    }
  }
}
