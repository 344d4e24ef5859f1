// What an end means, by its code: the registry of errors is what decides.
import { expect, test } from 'vitest'
import { asError, failureOf, GAPS, HttpFailure, PASSING, UNAUTHENTICATED } from '../../client/stream-failure.ts'
import { ERROR_CODES } from '../../platform/errors.ts'

const entry = (code: string): { readonly retryable: boolean } | undefined =>
  ERROR_CODES[code as keyof typeof ERROR_CODES]

test('every code that the client knows is in the registry, and says the same there', () => {
  expect([...PASSING].filter((code) => entry(code)?.retryable !== true)).toEqual([])
  expect([...GAPS, ...UNAUTHENTICATED].filter((code) => entry(code)?.retryable !== false)).toEqual([])
})

const error = (code: string, more: Record<string, unknown> = {}) => ({ message: code, extensions: { code, ...more } })

test('errors of the gateway pass, are a gap, want a token, or are final', () => {
  const kinds = (...errors: unknown[]): unknown => failureOf(errors).kind
  expect(failureOf([error('SUBSCRIPTION_SLOW', { cursor: 'c' })])).toMatchObject({ kind: 'passing', cursor: 'c' })
  expect(failureOf([error('SUBSCRIPTION_GAP')])).toMatchObject({ kind: 'gap', code: 'SUBSCRIPTION_GAP' })
  expect(failureOf([error('TOKEN_EXPIRED', { cursor: 'c' })])).toMatchObject({ kind: 'unauthenticated', cursor: 'c' })
  expect(kinds(error('ANYTHING', { retryable: true }))).toBe('passing')
  expect(kinds(error('SUBSCRIPTIONS_EXCEEDED'), error('ASSERTION_EXPIRED'))).toBe('passing')
  expect(kinds(error('SUBSCRIPTION_LOST'), error('FORBIDDEN'))).toBe('final')
  expect(kinds({ message: 'no code' })).toBe('final')
})

test('a connection that breaks passes, one that was misused does not', () => {
  const kindOfClose = (code: number): unknown => failureOf({ code, reason: '' }).kind
  expect([1001, 1006, 1011, 1012, 4408, 4500].map(kindOfClose)).toEqual(Array(6).fill('passing'))
  expect([1009, 4400, 4406].map(kindOfClose)).toEqual(Array(3).fill('final'))
  expect(kindOfClose(4403)).toBe('unauthenticated')
  expect([429, 500, 503, 400, 404, 401].map((status) => failureOf(new HttpFailure(status, '')).kind)).toEqual([
    ...Array<string>(3).fill('passing'),
    'final',
    'final',
    'unauthenticated',
  ])
  expect(failureOf(new TypeError('fetch failed')).kind).toBe('passing')
})

test('what an iterator throws is an Error, whatever ended it', () => {
  expect(asError([error('SUBSCRIPTION_GAP')])).toMatchObject({
    name: 'SubscriptionFailure',
    message: 'SUBSCRIPTION_GAP',
  })
  expect(asError({ code: 4400, reason: 'Bad' }).message).toBe('Bad (4400)')
  expect(asError({}).message).toBe('The connection was lost.')
})
