// Sealed tokens: what they promise to those who hold them, and to those who made them.
import { describe, expect, test } from 'vitest'
import { createSealer } from '../../platform/seal.ts'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

describe('a sealed token', () => {
  const sealer = createSealer(key(1))

  test('gives back what was sealed, for the same purpose, from any instance with the key', () => {
    for (const value of [null, 'text', ['a', 1, null], { deep: { zoë: '\u{1F600}' } }]) {
      expect(createSealer(key(1)).unseal('list', sealer.seal('list', value))).toEqual(value)
    }
  })

  test('is the same for the same value and purpose, and shares nothing with any other', () => {
    expect(sealer.seal('list', ['1'])).toBe(sealer.seal('list', ['1']))
    const tokens = [sealer.seal('list', ['1']), sealer.seal('list', ['2']), sealer.seal('other', ['1'])]
    // Format and key id apart.
    expect(new Set(tokens.map((token) => token.slice(7, 20))).size).toBe(3)
  })

  test('is refused when any byte of it is another', () => {
    const bytes = Buffer.from(sealer.seal('list', ['1', 2]), 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes)
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(() => sealer.unseal('list', altered.toString('base64url')), `byte ${at}`).toThrow(/The cursor/)
    }
  })

  test('is refused with another purpose, key or form', () => {
    const token = sealer.seal('list', ['1'])
    const code = (attempt: () => unknown): unknown => {
      try {
        return attempt()
      } catch (error) {
        return (error as { code?: unknown }).code
      }
    }
    expect(code(() => sealer.unseal('other', token))).toBe('CURSOR_INVALID')
    expect(code(() => createSealer(key(2)).unseal('list', token))).toBe('CURSOR_INVALID')
    for (const other of ['', 'x', `${token}=`, ` ${token}`, token.slice(0, -4), '\u{1F600}']) {
      expect(
        code(() => sealer.unseal('list', other)),
        other,
      ).toBe('CURSOR_INVALID')
    }
    expect(code(() => createSealer(new Uint8Array(31)))).toBe('CONFIG_INVALID')
  })
})
