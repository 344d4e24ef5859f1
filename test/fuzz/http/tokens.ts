// Tokens that should not be believed, made of one that is.
import { mutated, oddText, pick, pickOf, randomBytes, type Random } from '../choices.ts'

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function hostileToken(token: string, random: Random): string {
  const [head = '', claims = '', signature = ''] = token.split('.')
  return pickOf(
    [
      () => `Bearer ${token}`,
      () => `Bearer ${token} ${token}`,
      () =>
        `bearer ${mutated(Buffer.from(token), random)
          .toString('latin1')
          .replace(/[^\x21-\x7e]/g, 'x')}`,
      () => `Bearer ${encoded({ alg: 'none' })}.${claims}.`,
      () =>
        `Bearer ${encoded({ alg: 'HS256', kid: pick(['one', '__proto__', '../../dev/null'], random) })}.${claims}.${signature}`,
      () =>
        `Bearer ${head}.${encoded({ sub: { a: 1 }, exp: Number.MAX_VALUE, aud: [[]], iss: '__proto__' })}.${signature}`,
      () => `Bearer ${head}.${'A'.repeat(9_000)}.${signature}`,
      () =>
        `Bearer ${encoded({ alg: 'ES256', jku: 'http://127.0.0.1:9/', crit: ['b64'], b64: false })}.${claims}.${signature}`,
      () => `Bearer ${randomBytes(40, random).toString('base64')}`,
      () => `Bearer ${'.'.repeat(3_000)}`,
      () => `Basic ${Buffer.from(oddText(random)).toString('base64').slice(0, 2_000)}`,
      () => 'Bearer',
      () => '',
    ],
    random,
  )
}
