import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { referencePages } from '../../docs/reference-pages.ts'
import { limits } from '../../platform/limits.ts'

const pages = await referencePages()

test.each(pages)('docs/$name says what the sources say (else: npm run docs)', async ({ name, text }) => {
  expect(await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')).toBe(text)
})

test('every limit stands on the page, with its reason', () => {
  const page = pages.find(({ name }) => name === 'limits.md')?.text ?? ''
  const rows = new Map(page.split('\n').map((line) => [/^\| `(\w+)`/.exec(line)?.[1], line.split('|')[3]?.trim()]))
  const without = Object.keys(limits).filter((name) => (rows.get(name) ?? '') === '')
  expect(without).toEqual([])
})
