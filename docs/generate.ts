// Writes the reference pages of docs/ from where errors, settings, limits, directives and commands are defined: `npm run docs`.
import { writeFile } from 'node:fs/promises'
import { referencePages } from './reference-pages.ts'

for (const page of await referencePages()) await writeFile(new URL(page.name, import.meta.url), page.text)
