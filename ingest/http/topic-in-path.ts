// The name of a topic as a URL's path has it.

/** What cannot be decoded is a name as it stands, which no topic has. */
export function topicInPath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
