// Writes what is generated from definitions: the module that holds the directives' text, and the reference pages of docs/. `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises'

const MODULE_HEAD = `// The text of directives.graphql, which is the reference: schema does no I/O, so the text is a module too. Written by "npm run docs"; a
// test (test/schema/directives-sdl.test.ts) holds both equal.

// prettier-ignore
export const DIRECTIVES_SDL = `

const directives = await readFile(new URL('../schema/directives.graphql', import.meta.url), 'utf8')
const literal = `\`${directives.replaceAll(/[\\`]|\$\{/g, String.raw`\$&`)}\``
await writeFile(new URL('../schema/directives-sdl.ts', import.meta.url), `${MODULE_HEAD}${literal}\n`)

// The pages come of the code that reads the module.
const { referencePages } = await import('./reference-pages.ts')
for (const page of await referencePages()) await writeFile(new URL(page.name, import.meta.url), page.text)
