// Frames of WebSocket messages (RFC 6455, section 5.2), for messages of which most is the same for many clients: ws would encode each anew. They are
// strings of bytes (latin1): Node writes such a one from the stack, where a Buffer for each client and event would have the collector mark the
// whole heap every few seconds for what they hold outside it.

/** A text as the string of its UTF-8 bytes. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

const FINAL_TEXT = '\u0081'
/** A length from here on stands in the two bytes behind it, */
const TWO_BYTES = 126
/** and from 65,536 on in eight. */
const EIGHT_BYTES = 127

/** One text message of these bytes, from a server (unmasked), unfragmented. */
export function textFrame(bytes: string): string {
  return FINAL_TEXT + lengthBytes(bytes.length) + bytes
}

function lengthBytes(length: number): string {
  if (length < TWO_BYTES) return String.fromCharCode(length)
  if (length < 65_536) return String.fromCharCode(TWO_BYTES, length >>> 8, length & 255)
  const low = [24, 16, 8, 0].map((bits) => (length >>> bits) & 255)
  return String.fromCharCode(EIGHT_BYTES, 0, 0, 0, 0, ...low)
}
