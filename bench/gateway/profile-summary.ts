// Where a CPU profile's time went, by file and by function: `node cli/run.js bench/gateway/profile-summary.ts FILE [--lines N] [--skip SECONDS]`. Idle time
// is left out; `--skip` leaves out the start, 5 seconds by default.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: 'string', default: '40' }, skip: { type: 'string', default: '5' } },
})
const [file = ''] = positionals
const skippedMicroseconds = Number(values.skip) * 1e6
const profile = JSON.parse(await readFile(file, 'utf8')) as Profile

const selfTime = new Map<number, number>()
let elapsed = 0
for (const [index, id] of profile.samples.entries()) {
  const delta = profile.timeDeltas[index] ?? 0
  elapsed += delta
  if (elapsed > skippedMicroseconds) selfTime.set(id, (selfTime.get(id) ?? 0) + delta)
}

const byFile = new Map<string, number>()
const byFunction = new Map<string, number>()
let total = 0
for (const { id, callFrame } of profile.nodes) {
  const time = selfTime.get(id) ?? 0
  if (time === 0 || callFrame.functionName === '(idle)') continue
  const place = placeOf(callFrame.url)
  const name = `${callFrame.functionName || '(anonymous)'}  ${place}:${callFrame.lineNumber + 1}`
  total += time
  byFile.set(place, (byFile.get(place) ?? 0) + time)
  byFunction.set(name, (byFunction.get(name) ?? 0) + time)
}

process.stdout.write(
  `${(total / 1e6).toFixed(2)} s busy\n\nBy file\n${table(byFile)}\nBy function\n${table(byFunction)}`,
)

/** A package of node_modules is one place; what has no file is the engine's. */
function placeOf(url: string): string {
  if (url === '') return '(native)'
  const path = url.startsWith('file://') ? fileURLToPath(url) : url
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)
  return inPackage?.[1] ?? path.replace(root, '')
}

function table(times: ReadonlyMap<string, number>): string {
  return [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, Number(values.lines))
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}\n`)
    .join('')
}
