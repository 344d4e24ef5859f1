// The river's readings, read from the shipped file by plain code.
import { sourceLines } from './source-files.ts'

export interface RiverReading {
  readonly atMs: number
  /** Of a litre per second: the file has two decimals at most. */
  readonly hundredths: number
}

export const riverReadings: readonly RiverReading[] = sourceLines('sensors/water-flow.csv.gz')
  .slice(1)
  .map((line) => {
    const [time = '', flow = ''] = line.split(',')
    const [whole = '', fraction = ''] = flow.split('.')
    return { atMs: Date.parse(time), hundredths: Number(whole + fraction.padEnd(2, '0')) }
  })
