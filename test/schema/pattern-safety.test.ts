// What is let through must be fast on hostile texts; what explodes must be refused.
import { describe, expect, test } from 'vitest'
import { patternDanger } from '../../schema/validate/pattern-safety.ts'

const dangerous = [
  '(a+)+$', '(a*)*$', '(a|a)*$', '(a|aa)+$', '(a?a?)*$', '(.*a){12}$', '([a-z]+)*$', '(a+b?)*$', '((ab)*)*$', '(\\w+\\s?)*$',
  '^(([a-z])+.)+$', '(a{1,5})*$', '(?:a+){2,}$', '(?<name>a+)+$', '(?=(a+)+$)b', '(-a+-?)*$', '(-[-a]+)*$', '(a)\\1', '(x+x+)+y',
] // prettier-ignore

const harmless = [
  '^[0-9 +()-]{7,20}$', '^[a-z]+(-[a-z]+)*$', '^(?:ab)*$', '^(\\d{3}-)*\\d+$', '^[A-Z]{2}\\d{2}( ?[A-Z0-9]{4})?$', 'a|b|c', '(a|b)c',
  '^(?:(?:\\.[a-z]+))*$', '^\\p{L}+$', '^[^\\]]*\\]$', '(?:a|b){1}', '^(?=.*\\d).+$', '^(,[^,]*)*$', '^([a-z]+\\.)*[a-z]+$',
] // prettier-ignore

/** Texts that make a backtracking matcher despair, if it can: every short period, then a stop. */
function* hostileTexts(): Generator<string> {
  for (const unit of ['a', 'ab', 'aa-', '-a', '-', '1', '1-', '.a', 'x', ',a', ' ', 'A1']) {
    for (const stop of ['!', '\n', '']) yield unit.repeat(24) + stop
  }
}

describe('a pattern', () => {
  test.each(dangerous)('%s is refused', (pattern) => {
    expect(() => new RegExp(pattern, 'u')).not.toThrow()
    expect(patternDanger(pattern)).toEqual(expect.any(String))
  })

  test.each(harmless)('%s is accepted, and fast on hostile texts', (pattern) => {
    expect(patternDanger(pattern)).toBeNull()
    const expression = new RegExp(pattern, 'u')
    for (const text of hostileTexts()) expression.test(text)
  })
})
