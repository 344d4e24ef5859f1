// Directories are made where they can be, and refused where not, in bounded time.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory } from '../../platform/make-directory.ts'

test('makes what is missing, and takes what is there', async ({ onTestFinished }) => {
  const base = await mkdtemp(join(tmpdir(), 'meshgate-directory-'))
  onTestFinished(() => rm(base, { recursive: true }))
  const path = join(base, 'a', 'b', 'c')
  await makeDirectory(path)
  await makeDirectory(path)
  await Promise.all([makeDirectory(join(base, 'x', 'y')), makeDirectory(join(base, 'x', 'y'))])
  expect((await stat(path)).isDirectory() && (await stat(join(base, 'x', 'y'))).isDirectory()).toBe(true)
})

test('refuses the name of a file, and what lies below it', async ({ onTestFinished }) => {
  const base = await mkdtemp(join(tmpdir(), 'meshgate-directory-'))
  onTestFinished(() => rm(base, { recursive: true }))
  const file = join(base, 'file')
  await writeFile(file, '')
  await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(makeDirectory(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

// Node's recursive mkdir tries this for ever.
test.runIf(process.platform === 'linux')('refuses what can be neither made nor found', async () => {
  await expect(makeDirectory('/proc/nothing/here')).rejects.toMatchObject({ code: 'ENOENT' })
})
