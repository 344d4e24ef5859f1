// What all generators of hostile input draw from: a seeded source, odd names, odd values, and broken bytes.

/** Numbers in [0, 1). */
export type Random = () => number

export function pick<Item>(items: readonly [Item, ...Item[]], random: Random): Item {
  return items[Math.floor(random() * items.length)] ?? items[0]
}

/** One of the functions, run: the others cost nothing. */
export function pickOf<Made>(makers: readonly [() => Made, ...(() => Made)[]], random: Random): Made {
  return pick(makers, random)()
}

/** An integer from 0, exclusive of the bound; small ones are more frequent. */
export function upTo(bound: number, random: Random): number {
  return Math.floor(random() * (random() < 0.5 ? Math.min(bound, 20) : bound))
}

export function randomBytes(count: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)))
}

/** Some bytes of it changed, left out, doubled or put in. Of long ones only the first 4 kB are. */
export function mutated(source: Buffer, random: Random): Buffer {
  const rest = source.subarray(4_096)
  let bytes = source.subarray(0, 4_096)
  for (let count = 1 + upTo(8, random); count > 0; count--) {
    const at = Math.floor(random() * bytes.length)
    const before = bytes.subarray(0, at)
    const after = bytes.subarray(at)
    bytes = pickOf(
      [
        () => Buffer.concat([before, randomBytes(1, random), after.subarray(1)]),
        () => Buffer.concat([before, after.subarray(1 + upTo(40, random))]),
        () => Buffer.concat([before, randomBytes(1 + upTo(20, random), random), after]),
        () => Buffer.concat([before, after.subarray(0, upTo(60, random)), after]),
        () => Buffer.concat([before, Buffer.from(pick(SIGNS, random)), after]),
      ],
      random,
    )
  }
  return Buffer.concat([bytes, rest])
}

const SIGNS = ['{', '}', '[', ']', '"', '\\', '\r\n', '\r\n\r\n', '\0', ':', ',', '\ufeff', '$', '@', '...'] as const

export const ODD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
  'length',
  '__typename',
  'id',
  'data',
  'errors',
  '_',
] as const

/** JSON of values that nobody expects. */
export const ODD_VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1e999',
  '-1e-999',
  '9007199254740993',
  '2147483648',
  '1.5',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"2026-13-45T99:99:99Z"',
  '[]',
  '[null]',
  '[[[[[]]]]]',
  '{}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":null}',
  '{"length":4294967296}',
  '{"then":1}',
] as const

/** JSON, so deep that recursion would not come back. */
export function deepJson(depth: number, random: Random): string {
  const [open, close] = pick<readonly [string, string]>(
    [
      ['[', ']'],
      ['{"a":', '}'],
      ['[{"a":', '}]'],
    ],
    random,
  )
  return open.repeat(depth) + pick(ODD_VALUES, random) + close.repeat(random() < 0.9 ? depth : upTo(depth + 1, random))
}

export function oddText(random: Random): string {
  return pickOf(
    [
      () => String.fromCharCode(...Array.from({ length: upTo(40, random) }, () => Math.floor(random() * 0xffff))),
      () => pick(ODD_NAMES, random),
      () => 'x'.repeat(upTo(5_000, random)),
      () => '\u202e\u0000\u200b\ufeff',
      () => '../'.repeat(upTo(20, random)) + 'etc/passwd',
      () => '💣'.repeat(upTo(200, random)),
    ],
    random,
  )
}
