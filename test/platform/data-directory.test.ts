// One process at a time holds a data directory, and a dead one holds nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { lockDataDirectory, readLock } from '../../platform/data-directory.ts'

const MODULE = new URL('../../platform/data-directory.ts', import.meta.url).href

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-data-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A process that holds the lock until it is killed. */
async function holder(directory: string): Promise<{ pid: number; kill: () => Promise<void> }> {
  const program = `
    const { lockDataDirectory } = await import(process.argv[1])
    await lockDataDirectory(process.argv[2], { url: 'http://localhost:4000/' })
    process.stdout.write('held')
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, MODULE, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  return { pid: child.pid ?? -1, kill }
}

it('refuses a directory that a live process holds, naming its id and address', async () => {
  const directory = await newDirectory()
  const { pid, kill } = await holder(directory)
  const error = await lockDataDirectory(directory).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'DATA_DIR_LOCKED' })
  expect(String(error)).toContain(`${directory} is in use by process ${String(pid)} at http://localhost:4000/.`)
  expect(await readLock(directory)).toMatchObject({ pid, url: 'http://localhost:4000/' })
  await kill()
  expect(await readLock(directory)).toBeNull()
  const lock = await lockDataDirectory(directory)
  expect(await readLock(directory)).toMatchObject({ pid: process.pid })
  await lock.release()
  expect(await readLock(directory)).toBeNull()
})

it('takes no recycled process id for the holder', async () => {
  const directory = await newDirectory()
  await lockDataDirectory(directory)
  const path = join(directory, 'lock.1.json')
  const held = JSON.parse(await readFile(path, 'utf8')) as { startTime: string }
  await expect(lockDataDirectory(directory)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' })
  await writeFile(path, JSON.stringify({ ...held, startTime: 'another boot:1' }))
  const lock = await lockDataDirectory(directory)
  await lock.release()
})

it('takes over a lock that a loss of power has left empty', async () => {
  const directory = await newDirectory()
  await writeFile(join(directory, 'lock.1.json'), '')
  await (await lockDataDirectory(directory)).release()
})

it('gives a dead holder’s directory to exactly one of many that ask at once', async () => {
  const directory = await newDirectory()
  const { kill } = await holder(directory)
  await kill()
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockDataDirectory(directory)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  expect(await readdir(directory)).toEqual(['lock.2.json'])
})

it('tells where the holder can be reached once it knows', async () => {
  const directory = await newDirectory()
  const lock = await lockDataDirectory(directory)
  expect((await readLock(directory))?.url).toBeUndefined()
  await lock.announce({ url: 'http://localhost:4001/' })
  expect((await readLock(directory))?.url).toBe('http://localhost:4001/')
  await lock.release()
})
