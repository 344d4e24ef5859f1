// What is shipped with Meshgate is decided on, and under licences that allow it.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

interface LockedPackage {
  readonly license?: string
  readonly dev?: boolean
}

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
const lockfile = JSON.parse(await read('package-lock.json')) as { packages: Record<string, LockedPackage> }

test('every runtime dependency has its line, with its licence', async () => {
  const { dependencies } = JSON.parse(await read('package.json')) as { dependencies: Record<string, string> }
  const page = await read('docs/decisions/dependencies.md')
  const lines = [...page.matchAll(/^\| `([^`]+)` +\| (\S+)/gm)].map(([, name, licence]) => [name, licence])
  const expected = Object.keys(dependencies).map((name) => [name, lockfile.packages[`node_modules/${name}`]?.license])
  expect(lines).toEqual(expected)
})

test('nothing that is shipped is under the Elastic licence', () => {
  const shipped = Object.entries(lockfile.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  expect(shipped.length).toBeGreaterThan(50)
  expect(shipped.filter(([, { license }]) => /elastic/i.test(license ?? ''))).toEqual([])
})
