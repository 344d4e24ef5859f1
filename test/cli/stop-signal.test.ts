// The end of a process that hangs while it closes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const SOURCE = new URL('../../cli/stop-signal.ts', import.meta.url).href

async function signalled(body: string): Promise<{ code: number | null; report: string }> {
  const script = `import { listenForStop } from '${SOURCE}'; ${body}; process.stdout.write('up')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' })
  const report = text(child.stderr)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, report: await report }
}

test('a process that does not close in time is ended, and says so', async () => {
  expect(await signalled('listenForStop(50); setInterval(() => undefined, 1000)')).toEqual({
    code: 143,
    report: 'Not closed after 0.05 s: ended all the same. What was in hand is done again at the next start.\n',
  })
})

test('a process that closes in time ends as it wants', async () => {
  const body =
    "listenForStop(5000).addEventListener('abort', () => process.exit(0)); setInterval(() => undefined, 1000)"
  expect(await signalled(body)).toEqual({ code: 0, report: '' })
})
