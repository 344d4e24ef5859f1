import { expect, test } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'

function logged(readable: boolean, error: unknown): string {
  let text = ''
  createLogger({ level: 'info', readable, write: (line) => (text += line) }).warn(
    { error, topic: 'a.b' },
    'tried again',
  )
  return text
}

const full = new MeshgateError('LOG_DISK_FULL', 'No space is left.', new Error('ENOSPC'))

test('an expected failure is logged by its code and message, without a stack', () => {
  const { time, ...line } = JSON.parse(logged(false, full)) as Record<string, unknown>
  expect(time).toEqual(expect.stringMatching(/^\d{4}-/))
  const error = { code: 'LOG_DISK_FULL', message: 'No space is left.' }
  expect(line).toEqual({ level: 40, error, topic: 'a.b', msg: 'tried again' })
})

test('a bug is logged with its stack', () => {
  for (const bug of [new MeshgateError('INTERNAL', 'Broken.'), new TypeError('Broken.')]) {
    const { error } = JSON.parse(logged(false, bug)) as { error: { message: string; stack: string } }
    expect(error).toMatchObject({ message: 'Broken.', stack: expect.stringContaining('logger.test.ts') as string })
  }
})

test('a terminal gets one readable line', () => {
  expect(logged(true, full)).toMatch(
    /^\d\d:\d\d:\d\d WARN {2}tried again \(LOG_DISK_FULL: No space is left\.\) topic=a\.b\n$/,
  )
})
