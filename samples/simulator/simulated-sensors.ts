// Sensors that do not exist and what they would have measured: a steady quantity with a daily rise and fall and a little noise, and now and
// then a reading that is far off. Every reading can be computed by itself from seed, sensor and number, so that whoever judges what was
// found in them knows what was to be found.

export interface SimulatedSensors {
  readonly seed: number
  readonly sensors: number
  /** Of all sensors together. */
  readonly readingsPerSecond: number
  /** When the first reading is taken, in ms since 1970. */
  readonly startMs: number
  /** Share of readings that are far off. */
  readonly anomalyShare: number
}

export interface SimulatedSensor {
  readonly id: string
  readonly name: string
  readonly quantity: string
  readonly unit: string
  readonly everySeconds: number
  readonly low: number
  readonly high: number
}

export interface SimulatedReading {
  readonly sensorId: string
  readonly at: string
  readonly value: number
  /** Against the reading before; null of a sensor's first. */
  readonly change: number | null
  readonly isAnomaly: boolean
}

const DAY_MS = 86_400_000
/** Of a sensor's middle value. */
const DAILY_SWING = 0.05
const NOISE = 0.005
/** How far off an anomaly is, at least and at most. */
const ANOMALY_LEAST = 0.2
const ANOMALY_MOST = 0.6
/** Readings within it are none: beyond the swing and the noise, and inside what most anomalies reach. */
const EXPECTED = 0.3

/** Different uses of one place draw different numbers. */
const MIDDLE = 1
const PHASE = 2
const NOISE_ONE = 3
const NOISE_TWO = 4
const IS_ANOMALY = 5
const SIZE = 6
const SIGN = 7

export function sensorId(sensor: number): string {
  return `sim-${sensor + 1}`
}

export function simulatedSensor(simulated: SimulatedSensors, sensor: number): SimulatedSensor {
  const middle = middleOf(simulated.seed, sensor)
  return {
    id: sensorId(sensor),
    name: `Simulated sensor ${sensor + 1}`,
    quantity: 'simulated flow',
    unit: 'l/s',
    everySeconds: simulated.sensors / simulated.readingsPerSecond,
    low: hundredths(middle * (1 - EXPECTED)),
    high: hundredths(middle * (1 + EXPECTED)),
  }
}

/** Sensors measure one after the other, evenly over time. */
export function readingDueMs(simulated: SimulatedSensors, sensor: number, number: number): number {
  const { sensors, readingsPerSecond, startMs } = simulated
  return startMs + Math.floor(((number * sensors + sensor) * 1_000) / readingsPerSecond)
}

export function simulatedReading(simulated: SimulatedSensors, sensor: number, number: number): SimulatedReading {
  const dueMs = readingDueMs(simulated, sensor, number)
  const value = valueAt(simulated, sensor, number, dueMs)
  const change =
    number === 0
      ? null
      : hundredths(value - valueAt(simulated, sensor, number - 1, readingDueMs(simulated, sensor, number - 1)))
  return {
    sensorId: sensorId(sensor),
    at: new Date(dueMs).toISOString(),
    value,
    change,
    isAnomaly: isAnomaly(simulated, sensor, number),
  }
}

export function isAnomaly({ seed, anomalyShare }: SimulatedSensors, sensor: number, number: number): boolean {
  return anomalyShare > 0 && drawn(seed, sensor, number, IS_ANOMALY) < anomalyShare
}

function valueAt(simulated: SimulatedSensors, sensor: number, number: number, dueMs: number): number {
  const { seed } = simulated
  const middle = middleOf(seed, sensor)
  const phase = drawn(seed, sensor, 0, PHASE)
  const swing = DAILY_SWING * Math.sin(2 * Math.PI * ((dueMs % DAY_MS) / DAY_MS + phase))
  // The difference of two is small more often than large, as noise is.
  const noise = NOISE * (drawn(seed, sensor, number, NOISE_ONE) - drawn(seed, sensor, number, NOISE_TWO))
  const off = isAnomaly(simulated, sensor, number) ? anomalySize(seed, sensor, number) : 0
  return hundredths(middle * (1 + swing + noise + off))
}

function anomalySize(seed: number, sensor: number, number: number): number {
  const size = ANOMALY_LEAST + (ANOMALY_MOST - ANOMALY_LEAST) * drawn(seed, sensor, number, SIZE)
  return drawn(seed, sensor, number, SIGN) < 0.5 ? -size : size
}

/** 40 to 200. */
function middleOf(seed: number, sensor: number): number {
  return 40 + 160 * drawn(seed, sensor, 0, MIDDLE)
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}

/** A number in [0, 1) for a place and a use: the finalizer of murmur3 over their mix. */
function drawn(seed: number, sensor: number, number: number, use: number): number {
  let mixed = Math.imul(seed ^ Math.imul(use, 0x9e3779b1), 0x85ebca6b)
  mixed = scrambled(mixed ^ Math.imul(sensor + 1, 0xc2b2ae35))
  mixed = scrambled(mixed ^ Math.imul(number + 1, 0x27d4eb2f))
  return (mixed >>> 0) / 4_294_967_296
}

function scrambled(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
