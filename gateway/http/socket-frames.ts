// Frames of WebSocket messages (RFC 6455, section 5.2), for messages of which most is the same for many clients: ws would encode each anew.

const FINAL_TEXT = 0x81
/** A length from here on stands in the two bytes behind it, */
const TWO_BYTES = 126
/** and from 65,536 on in eight. */
const EIGHT_BYTES = 127

/** One text message of these parts, from a server (unmasked), unfragmented. */
export function textFrame(head: Uint8Array, body: Uint8Array, tail: Uint8Array): Buffer {
  const length = head.length + body.length + tail.length
  const start = length < TWO_BYTES ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = FINAL_TEXT
  if (start === 2) frame[1] = length
  else if (start === 4) {
    frame[1] = TWO_BYTES
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = EIGHT_BYTES
    frame.writeUIntBE(0, 2, 2)
    frame.writeUIntBE(length, 4, 6)
  }
  frame.set(head, start)
  frame.set(body, start + head.length)
  frame.set(tail, start + head.length + body.length)
  return frame
}
