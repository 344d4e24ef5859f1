// The linter's configuration bites: fixture files outside the checkout, each with one violation or none.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const FORBIDDEN_IMPORTS = [
  ['schema/a.ts', '../platform/errors.ts'],
  ['schema/emit/b.ts', '../../gateway/main.ts'],
  ['schema/c.ts', 'node:fs'],
  ['platform/d.ts', '../gateway/main.ts'],
  ['platform/telemetry/e.ts', '../../ingest/main.ts'],
  ['platform/f.ts', './adapters/sqlite/store.ts'],
  ['platform/adapters/sqlite/g.ts', '../embedded-log/log.ts'],
  ['platform/adapters/sqlite/h.ts', '../../../subgraphs/main.ts'],
  ['gateway/execute/i.ts', '../../subgraphs/main.ts'],
  ['gateway/j.ts', '../ingest/main.ts'],
  ['gateway/k.ts', '../platform/adapters/sqlite/store.ts'],
  ['gateway/main.ts', '../cli/main.ts'],
  ['subgraphs/runtime/l.ts', '../../gateway/main.ts'],
  ['subgraphs/sales/m.ts', '../catalog/prices.ts'],
  ['subgraphs/sales/totals/n.ts', '../../catalog/prices.ts'],
  ['subgraphs/runtime/o.ts', '../sales/totals.ts'],
  ['subgraphs/sales/p.ts', '../../ingest/main.ts'],
  ['ingest/sources/q.ts', '../../subgraphs/runtime/page.ts'],
  ['ingest/r.ts', '../gateway/main.ts'],
  ['ingest/s.ts', '../platform/adapters/kafka/log.ts'],
  ['cli/commands/t.ts', '../../platform/adapters/sqlite/store.ts'],
  ['cli/u.ts', '../test/e2e/facts.ts'],
  ['console/v.ts', '../gateway/main.ts'],
  ['client/ac.ts', '../platform/errors.ts'],
  ['client/ad.ts', 'node:timers'],
  ['services/ab.ts', '../gateway/main.ts'],
  ['samples/w.ts', '../ingest/main.ts'],
  ['bench/x.ts', '../test/e2e/facts.ts'],
] as const

const ALLOWED_IMPORTS = [
  ['platform/aa.ts', '../schema/model.ts'],
  ['platform/main.ts', './adapters/sqlite/store.ts'],
  ['platform/adapters/sqlite/bb.ts', '../../errors.ts'],
  ['platform/adapters/sqlite/cc.ts', './worker.ts'],
  ['gateway/execute/dd.ts', '../../schema/model.ts'],
  ['gateway/ee.ts', '../console/page.ts'],
  ['ingest/main.ts', '../platform/adapters/sqlite/store.ts'],
  ['subgraphs/sales/ff.ts', '../runtime/page.ts'],
  ['subgraphs/runtime/gg.ts', '../../platform/errors.ts'],
  ['subgraphs/runtime/serve/hh.ts', '../page.ts'],
  ['cli/commands/ii.ts', '../../gateway/main.ts'],
  ['test/jj.ts', '../platform/adapters/sqlite/store.ts'],
] as const

const RULES: Readonly<Record<string, string>> = {
  'any.ts': 'export const value = (input: any): unknown => input',
  'assertion.ts': 'export const value = (input: string | null): string => input!',
  'default-export.ts': 'export default 1',
  'floating.ts': 'export function start(work: () => Promise<void>): void {\n  work()\n}',
  'long-file.ts': `${'//\n'.repeat(10)}${Array.from({ length: 400 }, (_, i) => `export const c${i} = ${i}`).join('\n')}`,
  'long-function.ts': `export function run(log: (n: number) => void): void {\n${'  log(1)\n'.repeat(70)}}`,
  'many-parameters.ts':
    'export const sum = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e',
  'switch.ts':
    "export function name(kind: 'a' | 'b'): string {\n  switch (kind) {\n    case 'a':\n      return 'A'\n  }\n  return ''\n}",
  'cycle-one.ts': "import { two } from './cycle-two.ts'\nexport const one = (): number => two()",
  'cycle-two.ts': "import { one } from './cycle-one.ts'\nexport const two = (): number => one()",
}

let directory = ''
let findings: ReadonlyMap<string, readonly string[]> = new Map()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-lint-'))
  await copyFile(join(root, '.oxlintrc.json'), join(directory, '.oxlintrc.json'))
  await copyFile(join(root, 'tsconfig.json'), join(directory, 'tsconfig.json'))
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  for (const [file, specifier] of [...FORBIDDEN_IMPORTS, ...ALLOWED_IMPORTS]) {
    await write(file, `import { thing } from '${specifier}'\nexport const other = thing\n`)
  }
  for (const [name, text] of Object.entries(RULES)) await write(`gateway/rules/${name}`, `${text}\n`)
  findings = await lint()
})

afterAll(() => rm(directory, { recursive: true, force: true }))

test.each(FORBIDDEN_IMPORTS)('%s may not import %s', (file) => {
  expect(findings.get(file)).toEqual(['eslint(no-restricted-imports)'])
})

test.each(ALLOWED_IMPORTS)('%s may import %s', (file) => {
  expect(findings.get(file) ?? []).toEqual([])
})

test('types, sizes, promises, switches, exports and cycles are held to the house style', () => {
  const found = Object.fromEntries(Object.keys(RULES).map((name) => [name, findings.get(`gateway/rules/${name}`)]))
  expect(found).toEqual({
    'any.ts': ['typescript(no-explicit-any)'],
    'assertion.ts': ['typescript(no-non-null-assertion)'],
    'default-export.ts': ['import(no-default-export)'],
    'floating.ts': ['typescript(no-floating-promises)'],
    'long-file.ts': ['eslint(max-lines)'],
    'long-function.ts': ['eslint(max-lines-per-function)'],
    'many-parameters.ts': ['eslint(max-params)'],
    'switch.ts': ['typescript(switch-exhaustiveness-check)'],
    'cycle-one.ts': ['import(no-cycle)'],
    'cycle-two.ts': ['import(no-cycle)'],
  })
})

async function write(file: string, text: string): Promise<void> {
  const path = join(directory, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** Codes of the findings by file. */
async function lint(): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = await new Promise<string>((resolve) => {
    const script = join(root, 'node_modules/oxlint/bin/oxlint')
    execFile(process.execPath, [script, '--type-aware', '--format=json'], { cwd: directory }, (_error, stdout) =>
      resolve(stdout),
    )
  })
  const byFile = new Map<string, string[]>()
  const { diagnostics } = JSON.parse(output) as { diagnostics: { filename: string; code: string }[] }
  for (const { filename, code } of diagnostics) byFile.set(filename, [...(byFile.get(filename) ?? []), code])
  return byFile
}
