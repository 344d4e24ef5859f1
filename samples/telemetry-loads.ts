// The loads of the telemetry domain.
import { readingRecords, sensorRecords, waterFlowFile } from './sensors/reading-records.ts'
import type { SampleLoad } from './sample-load.ts'

const generator = new URL('sensors/reading-records.ts', import.meta.url)

export const telemetryLoads: readonly SampleLoad[] = [
  {
    product: 'telemetry/readings',
    topic: 'telemetry.sensors',
    name: 'river-sensors',
    files: [generator],
    records: sensorRecords,
    expected: 1,
  },
  {
    product: 'telemetry/readings',
    topic: 'telemetry.readings',
    name: 'river-water-flow',
    files: [waterFlowFile, generator],
    records: readingRecords,
    expected: 1_268,
  },
]
