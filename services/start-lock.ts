// Lets one process at a time do something in a directory. The lock of a process that has died is no lock.
import { lockDataDirectory, type DataDirectoryLock } from '../platform/data-directory.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { systemClock } from '../platform/system-clock.ts'

/** Waits for its turn, within a process too. */
export async function withStartLock<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const lock = await takeTurn(directory)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function takeTurn(directory: string): Promise<DataDirectoryLock> {
  for (;;) {
    try {
      return await lockDataDirectory(directory)
    } catch (error) {
      if (!(error instanceof MeshgateError) || error.code !== 'DATA_DIR_LOCKED') throw error
    }
    await systemClock.sleep(limits.servicePollMs)
  }
}
