// Parts of a pattern that may end at several places of a text: of log lines' patterns one is allowed, since several cost the cube of a line.
import { expect, test } from 'vitest'
import { openPartsOf } from '../../schema/validate/pattern-steps.ts'

test.each([
  ['(?<host>[^ ]+) (?<status>[0-9]+)', []],
  ['\\[(?<at>[^\\]]+)\\] "(?<request>[^"]*)"', []],
  ['(?<bytes>[0-9]+|-) (?<rest>.*)', []],
  ['(?<level>[A-Z]+)\\s*: (?<text>.*)', []],
  ['(?:(?<a>[a-z]+)-)?(?<b>[0-9]+)', []],
  ['(?:[^,]*,){3}(?<d>[^,]*)', []],
])('%s has none: what follows each part ends it', (pattern, expected) => {
  expect(openPartsOf(pattern)).toEqual(expected)
})

test.each([
  ['(?<message>.*) at (?<place>[^ ]+)', ['.']],
  ['(?<a>.*) (?<b>.*) (?<c>.*)', ['.', '.']],
  ['(?<word>\\w+)(?<digits>\\d*)x', ['\\w']],
  ['(?<a>[^ ]+)(?: (?<b>.*))?é(?<c>.*)', ['[^ ]', '.']],
  ['(?<a>\\p{L}+)(?<b>ж+)z', ['\\p{L}']],
  // What may be empty is passed over: the part meets what comes after it.
  ['(?<a>[a-z]+)[0-9]?b', ['[a-z]']],
])('%s has those that what follows may go on', (pattern, expected) => {
  expect(openPartsOf(pattern)).toEqual(expected)
})
