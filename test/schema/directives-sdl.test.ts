import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DIRECTIVES_SDL } from '../../schema/directives-sdl.ts'

test('the checked-in module holds exactly the text of directives.graphql', () => {
  expect(DIRECTIVES_SDL).toBe(readFileSync(new URL('../../schema/directives.graphql', import.meta.url), 'utf8'))
})
