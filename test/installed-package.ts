// A project of somebody else's that has Meshgate installed, as npm would have it from what `prepack` builds; other packages are this checkout's.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './cli/meshgate-process.ts'

export interface InstalledPackage {
  /** Of the project: has `node_modules`. */
  readonly directory: string
  /** Of the package in it. */
  readonly path: string
  remove(): Promise<void>
}

export async function installPackage(): Promise<InstalledPackage> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-installed-'))
  const modules = join(directory, 'node_modules')
  const path = join(modules, 'meshgate')
  await mkdir(join(path, 'cli'), { recursive: true })
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== '.bin' && name !== 'meshgate') await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  await copyFile(join(root, 'package.json'), join(path, 'package.json'))
  // `cli/*.js`, as `files` says.
  for (const name of await readdir(join(root, 'cli'))) {
    if (name.endsWith('.js')) await copyFile(join(root, 'cli', name), join(path, 'cli', name))
  }
  const build = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(path, 'dist')]
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), build)
  return { directory, path, remove: () => rm(directory, { recursive: true, force: true }) }
}
