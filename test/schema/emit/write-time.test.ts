import { expect, test } from 'vitest'
import { writeTimeOf } from '../../../schema/emit/write-time.ts'
import type { WriteTimeSource } from '../../../schema/emit/write-time.ts'

const hash = (): number => 123_456_789
const unused = (): number => {
  throw new Error('no digits to fill, so the content need not be hashed')
}
const appended: WriteTimeSource = {
  version: null,
  versionResolutionUs: 1,
  kind: null,
  appendTimeUs: 1_767_322_945_678_901,
  appendResolutionUs: 1,
}

test('without a version the append time decides, all its digits kept', () => {
  expect(writeTimeOf(appended, unused)).toBe(1_767_322_945_678_901)
})

test('the content fills what an append time of milliseconds lacks', () => {
  expect(writeTimeOf({ ...appended, appendTimeUs: 1_767_322_945_678_000, appendResolutionUs: 1000 }, hash)).toBe(
    1_767_322_945_678_789,
  )
})

test('a version of whole seconds keeps its seconds and gets the rest from the content', () => {
  const source: WriteTimeSource = {
    ...appended,
    kind: 'TIME',
    version: 1_767_322_945_000_000,
    versionResolutionUs: 1_000_000,
  }
  expect(writeTimeOf(source, hash)).toBe(1_767_322_945_456_789)
})

test('a version of microseconds and a sequence are taken as they are', () => {
  const time: WriteTimeSource = { ...appended, kind: 'TIME', version: 1_767_322_945_678_901, versionResolutionUs: 1 }
  expect(writeTimeOf(time, unused)).toBe(1_767_322_945_678_901)
  expect(writeTimeOf({ ...appended, kind: 'SEQUENCE', version: 7 }, unused)).toBe(7)
})

test('the greatest write time stays an exact integer', () => {
  const version = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000) * 1_000_000
  const source: WriteTimeSource = { ...appended, kind: 'TIME', version, versionResolutionUs: 1_000_000 }
  expect(Number.isSafeInteger(writeTimeOf(source, () => 999_999))).toBe(true)
})
