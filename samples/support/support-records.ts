// Records of support.tickets and support.interactions, in the order in which they arrive. Some states of tickets arrive late, behind newer ones of
// the same ticket.
import { purchases } from '../foodmart/purchases.ts'
import type { SampleRecord } from '../sample-load.ts'
import { between, happens } from '../seeded-choice.ts'
import { seededInteger } from '../seeded-random.ts'
import { ticketHistory } from './ticket-history.ts'

const SEED = 27_182
/** How many in a hundred. */
const LATE = 4
const HOUR_MS = 3_600_000

export async function* ticketRecords(): AsyncGenerator<SampleRecord> {
  const draw = seededInteger(SEED)
  const { states } = ticketHistory(await purchases())
  const arrivals = states.map((state) => {
    const lateMs = happens(LATE, draw) ? between(1, 96, draw) * HOUR_MS : 0
    return { state, atMs: Date.parse(state.updatedAt) + lateMs }
  })
  for (const { state } of arrivals.sort((one, other) => one.atMs - other.atMs)) yield { key: state.id, value: state }
}

export async function* interactionRecords(): AsyncGenerator<SampleRecord> {
  const interactions = [...ticketHistory(await purchases()).interactions]
  interactions.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
  for (const interaction of interactions) yield { key: interaction.id, value: interaction }
}
