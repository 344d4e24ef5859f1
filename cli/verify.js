// `npm test`: installs what is missing, then runs lint, format check, types, dead code and the tests on the pinned Node, all of them
// even when one fails, and ends with `N passed, N failed` (each check before the tests counts as one).
// Arguments go to vitest, and then only the tests run: `npm test -- test/schema`.
import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { nodeCommand, root } from './install.js'
import { launch } from './launch.js'
import { runChild } from './run-child.js'

const CHECKS = [
  { name: 'lint', package: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', package: 'prettier', args: ['--check', '--log-level=warn', '.'] },
  { name: 'types', package: 'typescript', bin: 'tsc', args: ['-p', '.'] },
  { name: 'dead code', package: 'knip', args: [] },
]

/** Files in memory, where Linux has them, and how much must be free there: the tests hold up to 2 GB at a time. */
const MEMORY_DIRECTORY = '/dev/shm'
const MEMORY_BYTES_MIN = 8e9
const SERVERS_END_MS = 3_000

await launch(async () => {
  const testArguments = process.argv.slice(2)
  const total = { passed: 0, failed: 0 }
  // Side by side: the format check takes as long as all others, and one core.
  const checks = testArguments.length > 0 ? [] : CHECKS
  for (const passed of await Promise.all(checks.map(runCheck))) total[passed ? 'passed' : 'failed'] += 1
  const tests = await runTests(testArguments)
  total.passed += tests.passed
  total.failed += tests.failed
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
  return total.failed === 0 ? 0 : 1
}, '0 passed, 1 failed\n')

/** What it says comes in one piece, with its mark. */
async function runCheck(check) {
  const startedAt = Date.now()
  const directory = mkdtempSync(join(tmpdir(), 'meshgate-check-'))
  const said = join(directory, 'output')
  const output = openSync(said, 'w')
  try {
    const stdio = ['ignore', output, output]
    const passed = (await runTool(check.package, check.bin ?? check.package, check.args, { stdio })) === 0
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(`${readFileSync(said, 'utf8')}${passed ? '✓' : '✗'} ${check.name} (${seconds} s)\n`)
    return passed
  } finally {
    closeSync(output)
    rmSync(directory, { recursive: true, force: true })
  }
}

async function runTests(testArguments) {
  const directory = temporaryDirectory()
  // As any directory for temporary files: tests run programs as other users, who have to get through.
  chmodSync(directory, 0o711)
  const report = join(directory, 'report.json')
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...testArguments]
    const code = await runTool('vitest', 'vitest', args, { env: { TMPDIR: directory } })
    // Servers of a run that was ended by a signal find that out themselves, and write until then.
    if (code > 128) await setTimeout(SERVERS_END_MS)
    const counts = countTests(report)
    // An error outside of any test fails the run without failing a test.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  }
}

/**
 * Where the tests' files go: into memory, where there is plenty. Much of their time is waiting for the disk, and what they show needs none: a
 * process that is killed loses nothing that it has written, and full disks are file systems of their own.
 */
function temporaryDirectory() {
  if (process.env.TMPDIR === undefined && freemem() >= MEMORY_BYTES_MIN) {
    let directory
    try {
      const { bavail, bsize } = statfsSync(MEMORY_DIRECTORY)
      if (bavail * bsize >= MEMORY_BYTES_MIN) {
        directory = mkdtempSync(join(MEMORY_DIRECTORY, 'meshgate-test-'))
        // Tests run programs that they have written, which a container may forbid there.
        const probe = join(directory, 'probe')
        writeFileSync(probe, '#!/bin/sh\n', { mode: 0o755 })
        execFileSync(probe)
        rmSync(probe)
        return directory
      }
    } catch {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
    }
  }
  return mkdtempSync(join(tmpdir(), 'meshgate-test-'))
}

function countTests(report) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    // A file that does not even load has no tests to fail.
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    return { passed: numPassedTests, failed: numFailedTests + broken.length }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

/** Runs a tool of node_modules on the pinned Node, which is also what the tool and its children find as `node`. */
function runTool(packageName, binName, args, { env = {}, ...options } = {}) {
  const { executable, flags } = nodeCommand()
  const directory = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const script = join(directory, typeof bin === 'string' ? bin : bin[binName])
  const path = [dirname(executable), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  return runChild(executable, [...flags, script, ...args], {
    cwd: root,
    ...options,
    env: { ...process.env, ...env, PATH: path },
  })
}
