// Whether the minutes of the simulated sensors count every reading.
import { sensorId } from '../../samples/simulator/simulated-sensors.ts'

const SENSORS_AT_ONCE = 50
/** The bench itself takes less; without it a page looks through months that have no readings. */
const SPAN_MS = 3_600_000

/** Sensors whose minutes together do not hold `readingsEach` readings; stops at the first group with one. */
export async function incompleteSensors(url: string, sensors: number, readingsEach: number): Promise<number> {
  const since = new Date(Date.now() - SPAN_MS).toISOString()
  for (let from = 0; from < sensors; from += SENSORS_AT_ONCE) {
    const asked = Array.from({ length: Math.min(SENSORS_AT_ONCE, sensors - from) }, (_, index) => {
      return `s${index}: sensorMinutes(sensorId: "${sensorId(from + index)}", from: "${since}", first: 100) { nodes { readings } }`
    })
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ ${asked.join(' ')} }` }),
    })
    const { data } = (await response.json()) as {
      readonly data: Readonly<Record<string, { readonly nodes: readonly { readonly readings: number }[] }>>
    }
    const counts = Object.values(data).map(({ nodes }) => nodes.reduce((sum, { readings }) => sum + readings, 0))
    const incomplete = counts.filter((count) => count !== readingsEach).length
    if (incomplete > 0) return incomplete
  }
  return 0
}
