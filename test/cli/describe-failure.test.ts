import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { describeFailure } from '../../cli/describe-failure.ts'
import { MeshgateError } from '../../platform/errors.ts'

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  )

test('a failure is its code and its message, on one line', () => {
  expect(describeFailure(new MeshgateError('DATA_DIR_LOCKED', 'held by 12.\n  End it.'))).toEqual({
    line: 'DATA_DIR_LOCKED: held by 12. End it.',
    exitCode: 1,
  })
})

test('a wrong setting ends with the exit code of usage', () => {
  expect(describeFailure(new MeshgateError('CONFIG_INVALID', 'PORT=x')).exitCode).toBe(2)
})

test('what the operating system refuses is told in terms of what to do', async () => {
  const missing = await failureOf(readFile('/nowhere/at/all'))
  const directory = await failureOf(readFile('/tmp'))
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const busy = await new Promise((resolve) => createServer().once('error', resolve).listen(port, '127.0.0.1'))
  server.close()
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  expect([missing, directory, busy, full].map((error) => describeFailure(error).line)).toEqual([
    'FILE_UNREADABLE: /nowhere/at/all does not exist. Check the path.',
    'FILE_UNREADABLE: a file is a directory. Name a file.',
    `PORT_IN_USE: another process listens on port ${port}. End it, or set PORT to another.`,
    'DISK_FULL: no space is left where the data directory (MESHGATE_DATA_DIR) or the output lies. Free some, then start again: nothing accepted is lost.',
  ])
})

test('a disk that fills while the process works ends it with what to do, not with what goes on by itself', () => {
  const full = new MeshgateError('STORE_DISK_FULL', 'no space is left. Free some; writes go on by themselves.')
  expect(describeFailure(full).line).toMatch(/^DISK_FULL: .* Free some, then start again: nothing accepted is lost\.$/)
})

test('a bug says so, without its stack', () => {
  expect(describeFailure(new TypeError('x is undefined'))).toEqual({
    line: 'INTERNAL: TypeError: x is undefined. This is a bug: please report it (LOG_LEVEL=debug shows the stack).',
    exitCode: 1,
  })
})

test('several problems keep a line each', () => {
  const error = new MeshgateError('PRODUCT_CHANGE_REFUSED', 'sales/orders does not go:\n  - one\n  - two')
  expect(describeFailure(error).line).toBe('PRODUCT_CHANGE_REFUSED: sales/orders does not go:\n  - one\n  - two')
})
