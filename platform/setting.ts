// One setting of the environment: its name, default, meaning, and how its text is read.

/** What a setting's text becomes, or what to write instead. */
export type Reading<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'invalid'; readonly write: string }

export interface Setting<T> {
  readonly name: string
  /** The text that stands for an unset variable; null when there is none. */
  readonly defaultText: string | null
  readonly meaning: string
  /** Never printed. */
  readonly secret: boolean
  readonly read: (text: string) => Reading<T>
}

export function ok<T>(value: T): Reading<T> {
  return { kind: 'ok', value }
}

export function invalid<T>(write: string): Reading<T> {
  return { kind: 'invalid', write }
}

export function readText(text: string): Reading<string> {
  return text.trim() === '' ? invalid('a text that is not empty') : ok(text.trim())
}

/** Case does not matter. */
export function readOneOf<T extends string>(values: readonly T[]): (text: string) => Reading<T> {
  return (text) => {
    const value = values.find((name) => name.toLowerCase() === text.trim().toLowerCase())
    return value === undefined ? invalid(`one of ${values.join(', ')}`) : ok(value)
  }
}

export function readSwitch(text: string): Reading<boolean> {
  const value = readOneOf(['true', 'false'] as const)(text)
  return value.kind === 'ok' ? ok(value.value === 'true') : value
}

export function setting<T>(
  name: string,
  about: { readonly defaultText: string | null; readonly meaning: string; readonly secret?: boolean },
  read: (text: string) => Reading<T>,
): Setting<T> {
  return { name, defaultText: about.defaultText, meaning: about.meaning, secret: about.secret ?? false, read }
}
