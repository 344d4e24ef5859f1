// Random operations over random supergraphs, each answered by the gateway and by graphql-js over the merged schema; and all that once was
// answered wrongly.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { answererNamed } from './answerers.ts'
import { readCase } from './case-file.ts'
import { compareOne, openMesh } from './fuzz-case.ts'
import { runFuzz } from './fuzz-run.ts'

const FOUND = new URL('found/', import.meta.url)

describe.each(['engine', 'writer', 'naive'])('what was once wrong, through %s', (through) => {
  test.each(readdirSync(FOUND).filter((name) => name.endsWith('.md')))('stays right: %s', async (name) => {
    const found = readCase(readFileSync(new URL(name, FOUND), 'utf8'))
    const mesh = openMesh(found)
    if (typeof mesh === 'string') throw new Error(mesh)
    expect(await compareOne(mesh, answererNamed(through)(mesh), found.operation)).toBeNull()
  })
})

test.each([
  ['engine', 0, 6000],
  ['writer', 10_000, 4000],
])(
  'answers random operations like the merged schema, through %s',
  async (through, from, operations) => {
    const report = await runFuzz({ from, operations, answerer: answererNamed(through) })
    expect(report.findings.map(({ kind, found }) => `${kind} (seed ${found.seed})`)).toEqual([])
    expect(report.operations).toBe(operations)
  },
  600_000,
)
